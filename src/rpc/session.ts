/**
 * One connection of a client: an HTTP/2 connection and the calls on it.
 */
import type { Socket } from 'node:net'
import { unreachable } from '../base/assert.ts'
import { Connection } from '../http2/connection.ts'
import type { ConnectionUser } from '../http2/connection-user.ts'
import type { HeaderList } from '../http2/header-field.ts'
import type { Stream } from '../http2/stream.ts'
import { BidiCall } from './bidi-call.ts'
import type { CallHost, Ends } from './call.ts'
import { FlowCall } from './flow-call.ts'
import { failureTrailers, HEADERS_BYTES_MAX, refusalOf, statusOnly, trailersOnly } from './headers.ts'
import { GrpcCode, GrpcFailure, type Method } from './service.ts'
import { ServerStreamCall } from './server-stream-call.ts'
import { UnaryCall } from './unary-call.ts'

const MIB = 1024 * 1024
const LIMITS = {
  // More calls than that wait in the client.
  streamsMax: 2048,
  // Room for a batch, so that it does not wait for a round trip every 64 KiB.
  streamWindowBytes: 4 * MIB,
  connectionWindowBytes: 16 * MIB,
  headersBytesMax: HEADERS_BYTES_MAX,
} as const
const PING = new Uint8Array(8)

/** What a session needs from its server. */
export interface SessionHost extends CallHost {
  readonly methods: ReadonlyMap<string, Method>
  /** A client that has not sent its settings by then is closed. */
  readonly prefaceMsMax: number
}

/** Serves the calls of one connection until it closes. */
export class Session implements ConnectionUser {
  readonly #host: SessionHost
  readonly #connection: Connection
  readonly #ends: Ends
  readonly #onClose: () => void
  readonly #disarmPreface: () => void
  /** Calls that do not end by themselves. */
  readonly #endless = new Set<BidiCall | FlowCall>()
  readonly #forget = (call: BidiCall | FlowCall): void => void this.#endless.delete(call)
  #pinging = false

  /** Takes over a socket that begins with an HTTP/2 preface. `onClose` is called when it is closed. */
  constructor(host: SessionHost, socket: Socket, onClose: (session: Session) => void) {
    this.#host = host
    this.#onClose = () => onClose(this)
    this.#ends = {
      peer: `${hostText(socket.remoteAddress)}:${socket.remotePort ?? 0}`,
      localAddress: `${hostText(socket.localAddress)}:${socket.localPort ?? 0}`,
    }
    this.#disarmPreface = host.clock.timer(host.prefaceMsMax, () => this.destroy())
    this.#connection = new Connection(socket, { ...LIMITS, mono: () => host.clock.mono() }, this)
  }

  /** Refuses new calls and closes the connection when those under way have ended. */
  drain(): void {
    for (const call of this.#endless) call.end()
    this.#connection.drain()
  }

  /** Cuts all calls and the connection. */
  destroy(): void {
    this.#connection.destroy()
  }

  /**
   * Comes at intervals. Asks for a sign of life, closes the connection when there was none since the last time,
   * and ends the calls whose client neither sends what they wait for nor takes what it is sent.
   */
  ping(): void {
    if (this.#pinging) {
      this.#host.logger.debug({ peer: this.#ends.peer }, 'a connection gives no sign of life')
      this.destroy()
      return
    }
    this.#pinging = true
    this.#connection.resetStalled()
    this.#connection.ping(PING)
  }

  heard(): void {
    this.#pinging = false
  }

  ready(): void {
    this.#disarmPreface()
  }

  closed(reason: string | undefined): void {
    this.#disarmPreface()
    if (reason !== undefined) {
      this.#host.logger.debug({ peer: this.#ends.peer, error: reason }, 'a connection failed')
    }
    this.#onClose()
  }

  request(stream: Stream, headers: HeaderList): void {
    const refusal = refusalOf(headers)
    const path = headers.get(':path') ?? ''
    const method = this.#host.methods.get(path)
    if (refusal !== undefined) {
      stream.respond(statusOnly(refusal), true)
      return
    }
    if (headers.tooLarge || method === undefined) {
      const failure = headers.tooLarge ? tooLarge() : unknownPath(path)
      stream.respond(trailersOnly(failureTrailers(failure)), true)
      return
    }
    switch (method.type) {
      case 'unary':
        new UnaryCall(method.handle, this.#host, this.#ends, stream, headers).start()
        return
      case 'serverStream':
        new ServerStreamCall(method.handle, this.#host, this.#ends, stream, headers).start()
        return
      case 'flow': {
        const call = new FlowCall(method.handle, this.#host, this.#ends, stream, headers, this.#forget)
        this.#endless.add(call)
        call.start()
        return
      }
      case 'bidi': {
        const call = new BidiCall(method.handle, this.#host, this.#ends, stream, headers, this.#forget)
        this.#endless.add(call)
        call.open()
        return
      }
      default:
        unreachable(method)
    }
  }
}

function unknownPath(path: string): GrpcFailure {
  return new GrpcFailure(GrpcCode.UNIMPLEMENTED, `there is no call ${path}`)
}

function tooLarge(): GrpcFailure {
  return new GrpcFailure(GrpcCode.RESOURCE_EXHAUSTED, `metadata is larger than ${HEADERS_BYTES_MAX} bytes`)
}

function hostText(address: string | undefined): string {
  if (address === undefined) return ''
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
  return plain.includes(':') ? `[${plain}]` : plain
}
