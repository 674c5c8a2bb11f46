/**
 * One call on a stream: gathers the request, tells the handler about it and brings the outcome to the
 * client. Nothing is made before it is asked for: the usual call costs one object.
 */
import { InvariantError } from '../base/assert.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { HeaderList } from '../http2/header-field.ts'
import { headerBlock } from '../http2/hpack-encoder.ts'
import type { Stream, StreamUser } from '../http2/stream.ts'
import { MessageReader, onlyMessage } from './framing.ts'
import { failureTrailers, OK_TRAILERS, RESPONSE_HEADERS, timeoutMs, trailersOnly } from './headers.ts'
import { type CallContext, GrpcCode, GrpcFailure } from './service.ts'

/** A timer goes no further; a call that may last longer than these 24 days has no deadline. */
const TIMER_MS_MAX = 2 ** 31 - 1

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
export abstract class Call implements CallContext, StreamUser {
  protected readonly stream: Stream
  protected readonly host: CallHost
  readonly #ends: Ends
  readonly #headers: HeaderList
  readonly #arrivedMono: number
  #abort: AbortController | undefined
  #disarmDeadline: (() => void) | undefined
  #ended = false

  constructor(host: CallHost, ends: Ends, stream: Stream, headers: HeaderList) {
    this.host = host
    this.#ends = ends
    this.stream = stream
    this.#headers = headers
    this.#arrivedMono = host.clock.mono()
    stream.user = this
  }

  /** Takes what arrives. Throws `GrpcFailure` when it is not what the call expects. */
  protected abstract take(chunk: Buffer): void
  /** The client has sent everything. Throws `GrpcFailure` when something is missing. */
  protected abstract half(): void

  metadata(name: string): string | undefined {
    return this.#headers.get(name)
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

  /** Starts to read the request, of which nothing more comes when it ended with its headers. */
  start(): void {
    if (this.stream.inputEnded) this.inputEnded()
  }

  data(chunk: Buffer): void {
    if (this.#ended) return
    try {
      this.take(chunk)
    } catch (error) {
      this.fail(error)
    }
  }

  inputEnded(): void {
    if (this.#ended) return
    try {
      this.half()
    } catch (error) {
      this.fail(error)
    }
  }

  drained(): void {
    // Only a call that waits for it cares.
  }

  closed(): void {
    this.#disarmDeadline?.()
    if (this.#abort !== undefined) this.#abortUnlessDone(this.#abort)
  }

  /** The stream takes no more bytes: cancelled, over, or its connection is closed. */
  protected get gone(): boolean {
    return this.stream.closed
  }

  /** Everything was handed to the connection and the client has not cancelled. */
  protected get handedOver(): boolean {
    return this.stream.handedOver
  }

  /** The outcome is on its way or nobody waits for it any more. */
  protected get ended(): boolean {
    return this.#ended || this.gone
  }

  /** Sends the headers of a response with messages. */
  protected respond(): void {
    this.stream.respond(RESPONSE_HEADERS)
  }

  /** No more messages follow: the call ends well with `last`, if the stream is still there. */
  protected finish(last?: Uint8Array): void {
    this.#ended = true
    if (last !== undefined) this.stream.write(last)
    this.stream.end(OK_TRAILERS)
  }

  /** Ends the call with anything that was thrown. A broken rule of ours ends the process. */
  protected fail(error: unknown): void {
    if (error instanceof InvariantError) throw error
    if (this.ended) return
    const failure = error instanceof GrpcFailure ? error : this.#unexpected(error)
    const trailers = failureTrailers(failure)
    this.#ended = true
    this.stream.resume()
    if (this.stream.headersSent) this.stream.end(headerBlock(trailers))
    else this.stream.respond(trailersOnly(trailers), true)
  }

  #unexpected(error: unknown): GrpcFailure {
    const facts = { path: this.metadata(':path'), peer: this.peer, error: messageOf(error) }
    this.host.logger.error(facts, 'a call failed unexpectedly')
    return new GrpcFailure(GrpcCode.INTERNAL, 'the call failed unexpectedly')
  }

  #makeAbort(): AbortController {
    const abort = new AbortController()
    if (this.gone) {
      this.#abortUnlessDone(abort)
      return abort
    }
    const waitMs = this.deadlineMono - this.host.clock.mono()
    const late = (): void => abort.abort(new BrokerError('TIMEOUT', 'the deadline of the client has passed'))
    if (waitMs <= TIMER_MS_MAX) this.#disarmDeadline = this.host.clock.timer(Math.max(0, waitMs), late)
    return abort
  }

  #abortUnlessDone(abort: AbortController): void {
    if (!this.#ended || !this.handedOver) {
      abort.abort(new BrokerError('CANCELLED', 'the client cancelled the call'))
    }
  }
}

/** A call with one request. */
export abstract class SingleRequestCall extends Call {
  #reader: MessageReader | undefined
  #heldBytes = 0
  #request: Buffer | undefined

  constructor(host: CallHost, ends: Ends, stream: Stream, headers: HeaderList) {
    super(host, ends, stream, headers)
    stream.needsWholeRequest = true
  }

  /** The request is complete. */
  protected abstract run(request: Buffer): void

  protected take(chunk: Buffer): void {
    const whole = this.#reader === undefined ? onlyMessage(chunk) : undefined
    if (whole === undefined) {
      for (const request of this.#gather(chunk)) this.#keep(request)
    } else {
      // A view keeps all that was read with it until the request ends, usually at once.
      this.#hold(chunk.buffer.byteLength)
      this.#keep(whole)
    }
  }

  override closed(): void {
    this.#release()
    super.closed()
  }

  protected half(): void {
    const request = this.#request
    if (request === undefined || this.#reader?.atBorder === false) {
      throw new GrpcFailure(GrpcCode.INTERNAL, 'the request ended before its message did')
    }
    this.#request = undefined
    this.#release()
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
    }
    this.#hold(chunk.byteLength)
    return this.#reader.push(chunk)
  }

  #hold(bytes: number): void {
    if (!this.host.holdBytes(bytes)) {
      throw new GrpcFailure(GrpcCode.RESOURCE_EXHAUSTED, 'the server holds too many incomplete requests')
    }
    this.#heldBytes += bytes
  }

  #release(): void {
    if (this.#heldBytes === 0) return
    this.host.releaseBytes(this.#heldBytes)
    this.#heldBytes = 0
  }
}
