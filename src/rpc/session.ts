/**
 * One connection of a client: an HTTP/2 session and the calls on it.
 */
import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2'
import type { Socket } from 'node:net'
import { unreachable } from '../base/assert.ts'
import { BidiCall } from './bidi-call.ts'
import type { CallHost, Ends } from './call.ts'
import {
  areTooLarge,
  failureTrailers,
  HEADERS_BYTES_MAX,
  refusalOf,
  RESPONSE_HEADERS,
  TRAILERS_ONLY,
} from './headers.ts'
import { GrpcCode, GrpcFailure, type Method } from './service.ts'
import { ServerStreamCall } from './server-stream-call.ts'
import { UnaryCall } from './unary-call.ts'

const MIB = 1024 * 1024
const STREAM_WINDOW_BYTES = 4 * MIB
const CONNECTION_WINDOW_BYTES = 16 * MIB

const OPTIONS: ServerOptions = {
  // The counter of the library includes what waits to be sent. Clients that do not read are cut elsewhere.
  maxSessionMemory: 512,
  settings: {
    // More calls than that wait in the client.
    maxConcurrentStreams: 2048,
    // Room for a batch, so that it does not wait for a round trip every 64 KiB.
    initialWindowSize: STREAM_WINDOW_BYTES,
    maxHeaderListSize: HEADERS_BYTES_MAX,
    enablePush: false,
  },
}

/** What a session needs from its server. */
export interface SessionHost extends CallHost {
  readonly methods: ReadonlyMap<string, Method>
  /** A client that has not sent its settings by then is closed. */
  readonly prefaceMsMax: number
}

/** Serves the calls of one connection until it closes. */
export class Session {
  readonly #host: SessionHost
  readonly #session: ServerHttp2Session
  readonly #ends: Ends
  readonly #twoWay = new Set<BidiCall>()
  #pinging = false

  /** Takes over a socket that begins with an HTTP/2 preface. */
  constructor(host: SessionHost, socket: Socket) {
    this.#host = host
    this.#ends = {
      peer: `${hostText(socket.remoteAddress)}:${socket.remotePort ?? 0}`,
      localAddress: `${hostText(socket.localAddress)}:${socket.localPort ?? 0}`,
    }
    this.#session = performServerHandshake(socket, OPTIONS)
    this.#session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    const spoke = host.clock.timer(host.prefaceMsMax, () => this.destroy())
    this.#session.once('remoteSettings', spoke)
    this.#session.once('close', spoke)
    this.#session.on('error', (error) => {
      host.logger.debug({ peer: this.#ends.peer, error: error.message }, 'a connection failed')
    })
    this.#session.on('stream', (stream, headers, flags, raw: readonly string[] = []) => {
      this.#call(stream, headers, flags, raw)
    })
  }

  /** Calls `closed` when the connection is closed. */
  onClose(closed: () => void): void {
    this.#session.once('close', closed)
  }

  /** Refuses new calls and closes the connection when those under way have ended. */
  drain(): void {
    for (const call of this.#twoWay) call.end()
    this.#session.close()
  }

  /** Cuts all calls and the connection. */
  destroy(): void {
    this.#session.destroy()
  }

  /**
   * Asks for a sign of life and closes the connection when the last question was not answered. This also
   * ends sessions that the library leaves half-closed when a stream was reset with NO_ERROR during a write.
   */
  ping(): void {
    if (this.#session.destroyed) return
    if (this.#pinging) {
      this.#host.logger.debug({ peer: this.#ends.peer }, 'a connection gives no sign of life')
      this.#session.destroy()
      return
    }
    this.#pinging = this.#session.ping(() => {
      this.#pinging = false
    })
  }

  #call(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    flags: number,
    raw: readonly string[],
  ): void {
    // The library tells of a stream a moment later: it may have been cancelled since.
    stream.on('error', ignore)
    if (stream.destroyed || stream.closed) return
    const refusal = refusalOf(headers)
    const method = this.#host.methods.get(headers[':path'] ?? '')
    const large = areTooLarge(raw)
    if (refusal !== undefined || large || method === undefined) {
      refuse(stream, refusal ?? failureTrailers(large ? tooLarge() : unknownPath(headers[':path'])))
      return
    }
    const bare = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
    switch (method.type) {
      case 'unary':
        new UnaryCall(method.handle, this.#host, this.#ends, stream, headers).start(bare)
        return
      case 'serverStream':
        new ServerStreamCall(method.handle, this.#host, this.#ends, stream, headers).start(bare)
        return
      case 'bidi': {
        const call = new BidiCall(method.handle, this.#host, this.#ends, stream, headers)
        this.#twoWay.add(call)
        stream.once('close', () => this.#twoWay.delete(call))
        call.open(bare)
        return
      }
      default:
        unreachable(method)
    }
  }
}

function unknownPath(path: string | undefined): GrpcFailure {
  return new GrpcFailure(GrpcCode.UNIMPLEMENTED, `there is no call ${path ?? ''}`)
}

function tooLarge(): GrpcFailure {
  return new GrpcFailure(GrpcCode.RESOURCE_EXHAUSTED, `metadata is larger than ${HEADERS_BYTES_MAX} bytes`)
}

/** Ends a stream without reading it: with an HTTP status, or as a call with trailers only. */
function refuse(stream: ServerHttp2Stream, answer: number | ReturnType<typeof failureTrailers>): void {
  stream.resume()
  const headers = typeof answer === 'number' ? { ':status': answer } : { ...RESPONSE_HEADERS, ...answer }
  stream.respond(headers, TRAILERS_ONLY)
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR)
}

function hostText(address: string | undefined): string {
  if (address === undefined) return ''
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
  return plain.includes(':') ? `[${plain}]` : plain
}

function ignore(): void {
  // An error of a stream ends the stream; its 'close' tells those who want to know.
}
