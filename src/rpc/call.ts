/**
 * One call on a stream: gathers the request, tells the handler about it and brings the outcome to the
 * client. Nothing is made before it is asked for: the usual call costs one object and three listeners.
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { InvariantError } from '../base/assert.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { MessageReader, onlyMessage } from './framing.ts'
import {
  failureTrailers,
  OK_TRAILERS,
  RESPONSE_HEADERS,
  timeoutMs,
  TRAILERS_FOLLOW,
  TRAILERS_ONLY,
} from './headers.ts'
import { type CallContext, GrpcCode, GrpcFailure } from './service.ts'

/** What all calls of a server share. */
export interface CallHost {
  readonly clock: Clock
  readonly logger: Logger
  readonly requestBytesMax: number
  /** Takes room for an incomplete request; false when the server holds too much already. */
  holdBytes(count: number): boolean
  releaseBytes(count: number): void
}

/** Where the two ends of a connection are, `host:port`. */
export interface Ends {
  readonly peer: string
  readonly localAddress: string
}

/** The part that all kinds of calls share. */
export abstract class Call implements CallContext {
  protected readonly stream: ServerHttp2Stream
  protected readonly host: CallHost
  readonly #ends: Ends
  readonly #headers: IncomingHttpHeaders
  readonly #arrivedMono: number
  #abort: AbortController | undefined
  #trailers = OK_TRAILERS
  #ended = false

  constructor(host: CallHost, ends: Ends, stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.host = host
    this.#ends = ends
    this.stream = stream
    this.#headers = headers
    this.#arrivedMono = host.clock.mono()
  }

  /** Takes what arrives. Throws `GrpcFailure` when it is not what the call expects. */
  protected abstract take(chunk: Buffer): void
  /** The client has sent everything. Throws `GrpcFailure` when something is missing. */
  protected abstract half(): void

  metadata(name: string): string | undefined {
    const value = this.#headers[name]
    return Array.isArray(value) ? value[0] : value
  }

  get peer(): string {
    return this.#ends.peer
  }

  get localAddress(): string {
    return this.#ends.localAddress
  }

  get deadlineMono(): number {
    return this.#arrivedMono + timeoutMs(this.metadata('grpc-timeout'))
  }

  get signal(): AbortSignal {
    const abort = (this.#abort ??= this.#makeAbort())
    return abort.signal
  }

  /** Starts to read the request. */
  start(endsWithHeaders: boolean): void {
    if (endsWithHeaders) {
      this.stream.resume()
      this.#halfClosed()
      return
    }
    this.stream.on('data', (chunk: Buffer) => {
      try {
        this.take(chunk)
      } catch (error) {
        this.fail(error)
      }
    })
    this.stream.on('end', () => {
      // A cancelled stream ends as well; that is not the client's half-close.
      if (!this.gone) this.#halfClosed()
    })
  }

  /** The stream takes no more bytes: cancelled, or its connection is closed. */
  protected get gone(): boolean {
    return this.stream.destroyed || this.stream.closed
  }

  /** Everything was handed to the connection and the client has not cancelled. */
  protected get handedOver(): boolean {
    return this.stream.writableFinished && this.stream.rstCode === constants.NGHTTP2_NO_ERROR
  }

  /** The outcome is on its way or nobody waits for it any more. */
  protected get ended(): boolean {
    return this.#ended || this.gone
  }

  /** Sends the headers of a response with messages. Ends with `trailers` after the last byte. */
  protected respond(): void {
    this.stream.on('wantTrailers', () => {
      this.stream.sendTrailers(this.#trailers)
      // At once the reset would overtake the trailers.
      if (!this.stream.readableEnded) setImmediate(() => this.stream.close(constants.NGHTTP2_NO_ERROR))
    })
    this.stream.respond(RESPONSE_HEADERS, TRAILERS_FOLLOW)
  }

  /** No more messages follow: the call ends well with `last`, if the stream is still there. */
  protected finish(last?: Uint8Array): void {
    this.#ended = true
    if (last === undefined) this.stream.end()
    else this.stream.end(last)
  }

  /** Ends the call with anything that was thrown. A broken rule of ours ends the process. */
  protected fail(error: unknown): void {
    if (error instanceof InvariantError) throw error
    if (this.ended) return
    const failure = error instanceof GrpcFailure ? error : this.#unexpected(error)
    this.#trailers = failureTrailers(failure)
    this.#ended = true
    this.stream.removeAllListeners('data')
    this.stream.resume()
    if (this.stream.headersSent) {
      this.stream.end()
    } else {
      this.stream.respond({ ...RESPONSE_HEADERS, ...this.#trailers }, TRAILERS_ONLY)
      // What the client still sends is not wanted: tell it to stop.
      if (!this.stream.readableEnded) this.stream.close(constants.NGHTTP2_NO_ERROR)
    }
  }

  #unexpected(error: unknown): GrpcFailure {
    const facts = { path: this.#headers[':path'], peer: this.peer, error: messageOf(error) }
    this.host.logger.error(facts, 'a call failed unexpectedly')
    return new GrpcFailure(GrpcCode.INTERNAL, 'the call failed unexpectedly')
  }

  #halfClosed(): void {
    try {
      this.half()
    } catch (error) {
      this.fail(error)
    }
  }

  #makeAbort(): AbortController {
    const abort = new AbortController()
    const cancelled = (): void => {
      if (this.#ended && this.handedOver) return
      abort.abort(new BrokerError('CANCELLED', 'the client cancelled the call'))
    }
    if (this.gone) cancelled()
    const waitMs = this.deadlineMono - this.host.clock.mono()
    const late = (): void => abort.abort(new BrokerError('TIMEOUT', 'the deadline of the client has passed'))
    const disarm = waitMs === Infinity ? undefined : this.host.clock.timer(Math.max(0, waitMs), late)
    this.stream.once('close', () => {
      disarm?.()
      cancelled()
    })
    return abort
  }
}

/** A call with one request. */
export abstract class SingleRequestCall extends Call {
  #reader: MessageReader | undefined
  #heldBytes = 0
  #request: Buffer | undefined

  /** The request is complete. */
  protected abstract run(request: Buffer): void

  protected take(chunk: Buffer): void {
    const whole = this.#reader === undefined ? onlyMessage(chunk) : undefined
    if (whole === undefined) for (const request of this.#gather(chunk)) this.#keep(request)
    else this.#keep(whole)
  }

  protected half(): void {
    const request = this.#request
    if (request === undefined || this.#reader?.atBorder === false) {
      throw new GrpcFailure(GrpcCode.INTERNAL, 'the request ended before its message did')
    }
    this.#request = undefined
    if (this.#heldBytes > 0) this.#release()
    if (!this.ended) this.run(request)
  }

  #keep(request: Buffer): void {
    if (this.#request !== undefined) {
      throw new GrpcFailure(GrpcCode.INTERNAL, 'the call takes one request, more have come')
    }
    this.#request = request
  }

  #gather(chunk: Buffer): readonly Buffer[] {
    if (this.#reader === undefined) {
      this.#reader = new MessageReader(this.host.requestBytesMax)
      this.stream.once('close', () => this.#release())
    }
    if (!this.host.holdBytes(chunk.byteLength)) {
      throw new GrpcFailure(GrpcCode.RESOURCE_EXHAUSTED, 'the server holds too many incomplete requests')
    }
    this.#heldBytes += chunk.byteLength
    return this.#reader.push(chunk)
  }

  #release(): void {
    this.host.releaseBytes(this.#heldBytes)
    this.#heldBytes = 0
  }
}
