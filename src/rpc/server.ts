/**
 * The gRPC server: one port for plaintext and TLS, told apart by the first byte. It runs on
 * `src/http2` (docs/decisions/0012). It knows no messages: methods take and give bytes.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { assert } from '../base/assert.ts'
import { BrokerError } from '../base/errors.ts'
import { REQUEST_BYTES_MAX, REQUEST_BYTES_WAITING_MAX } from '../base/limits.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { type KeyAndCertificate, listenFirst, refuseHttp1, type Speech, TlsGate } from './port-gate.ts'
import { Session, type SessionHost } from './session.ts'
import type { Method } from './service.ts'

const CONNECTIONS_MAX = 10_000
/** Each step of opening a connection may take so long: the first bytes, TLS, the settings of HTTP/2. */
const PREFACE_MS_MAX = 10_000
/** Connections are asked for a sign of life so often; one that gave none since the last time is closed. */
const PING_EVERY_MS = 30_000

/** How to serve. */
export interface RpcServerOptions {
  /** The address to listen on, for example `0.0.0.0`, `::` or `127.0.0.1`. */
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly methods: readonly Method[]
  readonly clock: Clock
  readonly logger: Logger
  /** Without it connections that begin with TLS are closed. */
  readonly certificate?: KeyAndCertificate
  /** False closes connections without TLS. Default true. */
  readonly plaintext?: boolean
  readonly connectionsMax?: number
  readonly prefaceMsMax?: number
  readonly pingEveryMs?: number
  readonly requestBytesMax?: number
}

/** A server that listens. */
export interface RpcServer extends AsyncDisposable {
  readonly port: number
  /** Open connections, those that have not said anything included. */
  readonly connections: number
  /** Uses another certificate for connections from now on. */
  setCertificate(certificate: KeyAndCertificate): void
  /**
   * Stops to accept, tells clients to go elsewhere (GOAWAY), ends two-way streams with OK, waits up to
   * `graceMs` for calls under way and cuts what is left. Resolves when every connection is closed.
   */
  close(graceMs: number): Promise<void>
}

/** Listens and serves. Rejects with `BrokerError` CONFIG_INVALID when the address cannot be used. */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const server = new Http2RpcServer(options)
  await server.listen()
  return server
}

class Http2RpcServer implements RpcServer, SessionHost {
  readonly clock: Clock
  readonly logger: Logger
  readonly requestBytesMax: number
  readonly prefaceMsMax: number
  readonly methods: ReadonlyMap<string, Method>
  readonly #options: RpcServerOptions
  readonly #listener: Server
  readonly #sockets = new Set<Socket>()
  /** Sockets that have not said yet what they speak. */
  readonly #silent = new Set<Socket>()
  readonly #sessions = new Set<Session>()
  readonly #tls: TlsGate | undefined
  #heldBytes = 0
  #closing = false
  #stopPings: () => void = () => undefined

  constructor(options: RpcServerOptions) {
    this.#options = options
    this.clock = options.clock
    this.logger = options.logger
    this.requestBytesMax = options.requestBytesMax ?? REQUEST_BYTES_MAX
    this.prefaceMsMax = options.prefaceMsMax ?? PREFACE_MS_MAX
    this.methods = new Map(options.methods.map((method) => [method.path, method]))
    assert(this.methods.size === options.methods.length, 'each path has one method')
    if (options.certificate !== undefined) {
      this.#tls = new TlsGate(options.certificate, this.prefaceMsMax, (socket) => this.#serve(socket))
    }
    const keepAlive = { keepAlive: true, keepAliveInitialDelay: PING_EVERY_MS }
    this.#listener = createServer({ noDelay: true, ...keepAlive }, (socket) => this.#admit(socket))
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port
  }

  get connections(): number {
    return this.#sockets.size
  }

  setCertificate(certificate: KeyAndCertificate): void {
    assert(this.#tls !== undefined, 'a server that speaks TLS gets another certificate')
    this.#tls.setCertificate(certificate)
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options
    try {
      this.#listener.listen({ host, port, backlog: 1024 })
      await once(this.#listener, 'listening')
    } catch (cause) {
      throw new BrokerError('CONFIG_INVALID', `cannot listen on ${host}:${port}`, { cause })
    }
    this.#listener.on('error', (error) => this.logger.warn({ error: error.message }, 'accepting failed'))
    this.#pingLater()
  }

  holdBytes(count: number): boolean {
    if (this.#heldBytes + count > REQUEST_BYTES_WAITING_MAX) return false
    this.#heldBytes += count
    return true
  }

  releaseBytes(count: number): void {
    this.#heldBytes -= count
    assert(this.#heldBytes >= 0, 'no more bytes are released than were held')
  }

  async close(graceMs: number): Promise<void> {
    if (!this.#closing) {
      this.#closing = true
      this.#stopPings()
      this.#listener.close()
    }
    const closed = Promise.all([...this.#sockets].map((socket) => whenClosed(socket)))
    for (const socket of this.#silent) socket.destroy()
    for (const session of this.#sessions) session.drain()
    const cut = (): void => {
      for (const session of this.#sessions) session.destroy()
      for (const socket of this.#sockets) socket.destroy()
    }
    const disarm = this.clock.timer(graceMs, cut)
    await closed
    disarm()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(0)
  }

  #admit(socket: Socket): void {
    socket.on('error', () => socket.destroy())
    if (this.#closing || this.#sockets.size >= (this.#options.connectionsMax ?? CONNECTIONS_MAX)) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    this.#silent.add(socket)
    const disarm = this.clock.timer(this.prefaceMsMax, () => socket.destroy())
    const spoke = (): void => {
      this.#silent.delete(socket)
      disarm()
    }
    socket.once('close', () => {
      this.#sockets.delete(socket)
      spoke()
    })
    listenFirst(socket, (speech) => {
      spoke()
      this.#route(socket, speech)
    })
  }

  #route(socket: Socket, speech: Speech): void {
    if (speech === 'tls' && this.#tls !== undefined) this.#tls.take(socket)
    else if (speech === 'http2' && this.#options.plaintext !== false) this.#serve(socket)
    else if (speech === 'http1') refuseHttp1(socket)
    else socket.destroy()
  }

  #serve(socket: Socket): void {
    const session = new Session(this, socket, (closed) => {
      this.#sessions.delete(closed)
    })
    this.#sessions.add(session)
    if (this.#closing) session.drain()
  }

  #pingLater(): void {
    this.#stopPings = this.clock.timer(this.#options.pingEveryMs ?? PING_EVERY_MS, () => {
      for (const session of this.#sessions) session.ping()
      this.#pingLater()
    })
  }
}

async function whenClosed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}
