/**
 * The transport between the members of a group, over plain TCP with frames of its own (frame-codec.ts).
 *
 * Each member dials every other one twice. Its `raft` connection carries its Raft messages to the peer and
 * nothing back but signs of life; the peer's messages come on the connection that the peer dialled. Its `call`
 * connection carries its calls and their answers, so that large bodies never stand before a heartbeat.
 */
import { assert } from '../../base/assert.ts'
import type { NodeId } from '../../base/brand.ts'
import { BrokerError } from '../../base/errors.ts'
import { Prng } from '../../base/prng.ts'
import type {
  CallOptions,
  Ending,
  PeerAddress,
  PeerChannel,
  PeerGreeting,
  PeerHandlers,
  PeerTransportOptions,
} from './api.ts'
import { CallServer } from './call-server.ts'
import { type Connection, type ConnectionUser, TICKS_PER_SILENCE } from './connection.ts'
import { Dialer } from './dialer.ts'
import { FrameError, FrameKind } from './frame-codec.ts'
import { Listener } from './listener.ts'

/** The connection that a peer dialled. */
interface Inbound {
  readonly connection: Connection
  readonly serial: number
}

export class PeerTransport {
  readonly #options: PeerTransportOptions
  readonly #handlers: PeerHandlers
  readonly #listener: Listener
  readonly #dialers: Readonly<Record<PeerChannel, Map<NodeId, Dialer>>> = {
    raft: new Map(),
    call: new Map(),
  }
  readonly #inbound: Readonly<Record<PeerChannel, Map<NodeId, Inbound>>> = {
    raft: new Map(),
    call: new Map(),
  }
  readonly #paused = new Set<NodeId>()
  readonly #tickMs: number
  readonly #prng: Prng
  #lastTick = 0
  #cancelTick: () => void = () => undefined
  #state: 'new' | 'running' | 'closed' = 'new'
  #isDialling = false

  constructor(options: PeerTransportOptions, handlers: PeerHandlers) {
    this.#options = options
    this.#handlers = handlers
    this.#tickMs = options.silenceMs / TICKS_PER_SILENCE
    this.#prng = new Prng(options.seed)
    this.#listener = new Listener(options, handlers, {
      isMember: (id) => this.#dialers.raft.has(id),
      accepted: (connection, greeting, serial) => this.#accepted(connection, greeting, serial),
    })
    this.setMembers(options.members)
  }

  /**
   * From now on these are the members: new ones are dialled, at new addresses too, and all connections with others end
   * but those that came in from whom `isWelcome` lets in.
   */
  setMembers(members: readonly PeerAddress[], isWelcome: (id: NodeId) => boolean = () => false): void {
    const peers = members.filter((member) => member.id !== this.#options.ownId)
    for (const channel of ['raft', 'call'] as const) {
      const dialers = this.#dialers[channel]
      for (const [id, dialer] of dialers) {
        const stays = peers.find((peer) => peer.id === id)
        if (stays !== undefined && dialer.isFor(stays)) continue
        dialers.delete(id)
        dialer.stop('it is no member any more')
      }
      for (const peer of peers) if (!dialers.has(peer.id)) this.#dial(peer, channel)
      for (const [id, { connection }] of this.#inbound[channel]) {
        if (!dialers.has(id) && !isWelcome(id)) connection.end('local', 'it is no member any more')
      }
    }
  }

  #dial(peer: PeerAddress, channel: PeerChannel): void {
    const dialer = new Dialer(this.#options, this.#handlers, peer, channel, this.#prng.split())
    this.#dialers[channel].set(peer.id, dialer)
    if (this.#isDialling && !this.#closed) dialer.start()
  }

  /** Listens and starts to dial. Rejects with the system's error when the address cannot be listened on. */
  async start(): Promise<void> {
    assert(this.#state === 'new', 'a transport is started once')
    this.#state = 'running'
    await this.#listener.start()
    if (this.#closed) return
    this.#lastTick = this.#options.clock.mono()
    this.#tickLater()
    for (const dialer of this.#allDialers()) dialer.start()
    this.#isDialling = true
  }

  /** Closes every connection and the listener. Calls that wait end with `CLOSED`. May be called again. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#state = 'closed'
    this.#cancelTick()
    for (const dialer of this.#allDialers()) dialer.stop('the transport closes')
    for (const inbound of this.#allInbound()) inbound.connection.end('local', 'the transport closes')
    await this.#listener.close()
  }

  /** The port that is listened on. */
  get port(): number {
    return this.#listener.port
  }

  /** Whether this member's own connection to the peer is up, so that a send or a call can be tried. */
  connected(peer: NodeId, channel: PeerChannel): boolean {
    return this.#dialers[channel].get(peer)?.up != null
  }

  /**
   * Sends one Raft message made of `chunks`. The frame guards `chunks[0]` with a CRC; the others must carry
   * their own (log records do). Returns false, and nothing was or will be sent, when the peer is not connected
   * or more than 64 MiB wait for it. Chunks must not be changed afterwards. Leaves at the end of this turn of
   * the event loop, or at `flush`.
   */
  sendRaft(to: NodeId, chunks: readonly Uint8Array[]): boolean {
    const connection = this.#dialers.raft.get(to)?.up
    return connection != null && connection.send(FrameKind.raft, chunks, 1)
  }

  /** Hands over to the system at once what the sends of this turn gathered. */
  flush(): void {
    for (const dialer of this.#dialers.raft.values()) dialer.up?.flush()
  }

  /** Stops reading Raft messages of a peer. Up to 64 KiB that were read already may still come. */
  pause(from: NodeId): void {
    this.#paused.add(from)
    this.#inbound.raft.get(from)?.connection.pause()
  }

  resume(from: NodeId): void {
    this.#paused.delete(from)
    this.#inbound.raft.get(from)?.connection.resume()
  }

  /**
   * Asks a peer and resolves with its answer. Rejects with `BrokerError`: the peer's own error as it was
   * thrown; `NO_LEADER`/none when not connected, `NO_LEADER`/unknown when the connection broke while waiting;
   * `TIMEOUT`/unknown; `CANCELLED`; `BUSY`/none when too much waits; `CLOSED` when the transport closes.
   */
  call(to: NodeId, kind: number, body: readonly Uint8Array[], options: CallOptions): Promise<Uint8Array> {
    if (this.#closed) return Promise.reject(new BrokerError('CLOSED', 'the transport is closed'))
    const dialer = this.#dialers.call.get(to)
    if (dialer === undefined) {
      return Promise.reject(new BrokerError('NO_LEADER', `member ${to} does not belong to this group`))
    }
    return dialer.call(kind, body, options)
  }

  /**
   * Gives up the calls of one kind that wait for a peer: they end at once with `NO_LEADER`/unknown, and the
   * peer, if it still hears, is told to stop. For callers that know before TCP does that no answer matters.
   */
  abandonCalls(to: NodeId, kind: number, reason: string): void {
    this.#dialers.call.get(to)?.abandonCalls(kind, reason)
  }

  get #closed(): boolean {
    return this.#state === 'closed'
  }

  #allDialers(): Dialer[] {
    return [...this.#dialers.raft.values(), ...this.#dialers.call.values()]
  }

  #allInbound(): Inbound[] {
    return [...this.#inbound.raft.values(), ...this.#inbound.call.values()]
  }

  /** A newer connection takes the place of an older one, never the other way round. */
  #accepted(connection: Connection, greeting: PeerGreeting, serial: number): void {
    const { fromId: peer, channel } = greeting
    const places = this.#inbound[channel]
    const older = places.get(peer)
    if (this.#closed || (older !== undefined && older.serial > serial)) {
      connection.handTo(NOBODY)
      connection.end('local', 'a newer connection is there')
      return
    }
    older?.connection.end('replaced', 'the peer opened a newer connection')
    places.set(peer, { connection, serial })
    connection.handTo(channel === 'raft' ? this.#raftUser(peer) : this.#callUser(peer, connection))
    if (channel === 'raft' && this.#paused.has(peer)) connection.pause()
    this.#handlers.onConnection({ type: 'up', peer, channel, direction: 'in' })
    this.#dialers.raft.get(peer)?.kick()
    this.#dialers.call.get(peer)?.kick()
  }

  #raftUser(peer: NodeId): ConnectionUser {
    return {
      frame: (kind, body) => {
        if (kind !== FrameKind.raft) throw new FrameError(`frame kind ${kind} may not come here`)
        this.#handlers.onRaft(peer, body)
      },
      ended: (ending, reason) => this.#inboundEnded(peer, 'raft', ending, reason),
    }
  }

  #callUser(peer: NodeId, connection: Connection): ConnectionUser {
    const server = new CallServer(peer, connection, this.#handlers, this.#options.logger)
    return {
      frame: (kind, body) => server.frame(kind, body),
      ended: (ending, reason) => {
        server.ended()
        this.#inboundEnded(peer, 'call', ending, reason)
      },
    }
  }

  #inboundEnded(peer: NodeId, channel: PeerChannel, ending: Ending, reason: string): void {
    this.#inbound[channel].delete(peer)
    this.#handlers.onConnection({ type: 'down', peer, channel, direction: 'in', ending, reason })
  }

  #tickLater(): void {
    this.#cancelTick = this.#options.clock.timer(this.#tickMs, () => {
      const now = this.#options.clock.mono()
      // After a long stop of our own the bytes of the peers may wait unread: nobody is called silent then.
      const judge = now - this.#lastTick < 2 * this.#tickMs
      this.#lastTick = now
      for (const dialer of this.#allDialers()) dialer.tick(judge)
      for (const inbound of this.#allInbound()) inbound.connection.tick(judge)
      if (!this.#closed) this.#tickLater()
    })
  }
}

const NOBODY: ConnectionUser = { frame: () => undefined, ended: () => undefined }
