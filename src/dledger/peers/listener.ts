/**
 * Where the other members come in. A socket is nobody until its greeting was judged: it has three seconds and
 * 4 KiB for that, and when too many such sockets are open the oldest of them makes room, so that strangers
 * cannot keep members out.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { NodeId } from '../../base/brand.ts'
import { messageOf } from '../../base/errors.ts'
import type { ConnectionEvent, PeerGreeting, PeerHandlers, PeerTransportOptions, Verdict } from './api.ts'
import { Connection } from './connection.ts'
import { FrameError, FrameKind, linkHash } from './frame-codec.ts'
import { checkHello, decodeHello, encodeHelloReply, type Hello } from './greeting-codec.ts'

/** How long a socket that came in may take to greet, and a refused one to go. */
export const GREETING_MS = 3000
/** Sockets that have not been accepted yet, at most. */
export const STRANGERS_MAX = 64

/** What the listener asks and tells its owner. */
export interface ListenerOwner {
  isMember(id: NodeId): boolean
  /** Takes over an accepted connection. `serial` grows with each socket that came in. */
  accepted(connection: Connection, greeting: PeerGreeting, serial: number): void
}

export class Listener {
  readonly #options: PeerTransportOptions
  readonly #handlers: PeerHandlers
  readonly #owner: ListenerOwner
  readonly #server: Server
  /** In the order in which they came. */
  readonly #strangers = new Set<Connection>()
  #serial = 0

  constructor(options: PeerTransportOptions, handlers: PeerHandlers, owner: ListenerOwner) {
    this.#options = options
    this.#handlers = handlers
    this.#owner = owner
    this.#server = createServer({ noDelay: true }, (socket) => this.#cameIn(socket))
  }

  /** The port that is listened on; 0 before `start` and after `close`. */
  get port(): number {
    const address: AddressInfo | string | null = this.#server.address()
    return address === null || typeof address === 'string' ? 0 : address.port
  }

  /** Resolves when sockets can come in. Rejects with the system's error, for example EADDRINUSE. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#options.listen, () => {
        this.#server.removeListener('error', reject)
        resolve()
      })
    })
    this.#server.on('error', (error) => {
      this.#options.logger.warn({ error: messageOf(error) }, 'peer listener error')
    })
  }

  /** Closes the door and every socket that was not accepted; resolves when all that came in are gone. */
  async close(): Promise<void> {
    for (const stranger of this.#strangers) stranger.end('local', 'the transport closes')
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()))
  }

  #cameIn(socket: Socket): void {
    const serial = ++this.#serial
    const oldest = this.#strangers.values().next().value
    if (oldest !== undefined && this.#strangers.size >= STRANGERS_MAX) {
      this.#strangers.delete(oldest)
      oldest.end('local', 'too many connections have not greeted')
    }
    const connection = new Connection(socket, {
      frame: (kind, body, link) => this.#greeted(connection, serial, kind, body, link),
      ended: (ending, reason) => {
        this.#strangers.delete(connection)
        this.#options.logger.debug({ from: socket.remoteAddress, ending, reason }, 'stranger went')
      },
    })
    this.#strangers.add(connection)
    const cancelTimer = this.#options.clock.timer(GREETING_MS, () => {
      if (this.#strangers.has(connection)) connection.end('local', 'no greeting came in time')
    })
    socket.once('close', () => {
      cancelTimer()
      this.#strangers.delete(connection)
    })
  }

  #greeted(connection: Connection, serial: number, kind: number, body: Uint8Array, link: number): void {
    if (kind !== FrameKind.hello) throw new FrameError('the first frame is no greeting')
    const hello = decodeHello(body)
    if (link !== linkHash(hello.clusterId, hello.group, hello.fromId, hello.toId)) {
      throw new FrameError('a greeting is bound to others than it names')
    }
    // The answer is bound to what the greeting claims, so that a refused peer can read why.
    connection.bindOut(linkHash(hello.clusterId, hello.group, hello.toId, hello.fromId))
    const { clusterId, group, ownId } = this.#options
    const isMember = (id: NodeId): boolean => this.#options.isOpen === true || this.#owner.isMember(id)
    const greeting = checkHello(hello, { clusterId, group, ownId, isMember })
    if (typeof greeting === 'string') {
      this.#refuse(connection, hello, { accepted: false, reason: greeting, folderRefused: false })
      return
    }
    connection.handTo({
      frame: () => {
        throw new FrameError('a frame came before the greeting was answered')
      },
      ended: () => void this.#strangers.delete(connection),
    })
    void this.#judge(connection, serial, hello, greeting)
  }

  async #judge(connection: Connection, serial: number, hello: Hello, greeting: PeerGreeting): Promise<void> {
    const verdict = await this.#handlers.judgePeer(greeting)
    if (connection.ended) return
    if (!verdict.accepted) {
      this.#refuse(connection, hello, verdict)
      return
    }
    this.#answer(connection, verdict)
    connection.bindIn(linkHash(hello.clusterId, hello.group, hello.fromId, hello.toId))
    this.#strangers.delete(connection)
    this.#owner.accepted(connection, greeting, serial)
  }

  #refuse(connection: Connection, hello: Hello, verdict: Verdict & { readonly accepted: false }): void {
    const { reason, folderRefused } = verdict
    this.#options.logger.warn({ peer: hello.fromId, reason, folderRefused }, 'peer refused')
    this.#answer(connection, verdict)
    connection.endAfterSending()
    if (!this.#owner.isMember(hello.fromId)) return
    const channel = hello.channel === 'call' ? 'call' : 'raft'
    const about = { peer: hello.fromId, channel, direction: 'in', refused: 'peer' } as const
    const event: ConnectionEvent = { type: 'refused', ...about, reason, folderRefused }
    this.#handlers.onConnection(event)
  }

  #answer(connection: Connection, verdict: Verdict): void {
    const { folderId, startCount, processId } = this.#options.identity
    const { accepted } = verdict
    const reason = verdict.accepted ? '' : verdict.reason
    const folderRefused = !verdict.accepted && verdict.folderRefused
    const reply = { accepted, reason, folderRefused, folderId, startCount, processId }
    connection.send(FrameKind.helloReply, [encodeHelloReply(reply)], 1)
  }
}
