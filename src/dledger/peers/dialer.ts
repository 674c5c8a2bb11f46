/**
 * Keeps one outgoing connection to one peer for one channel: dials, greets, and dials again after a pause that
 * doubles up to a limit. At any time there is at most one socket.
 */
import { connect } from 'node:net'
import { BrokerError } from '../../base/errors.ts'
import type { Prng } from '../../base/prng.ts'
import type {
  CallOptions,
  Ending,
  PeerAddress,
  PeerChannel,
  PeerHandlers,
  PeerTransportOptions,
} from './api.ts'
import { CallClient } from './call-client.ts'
import { Connection } from './connection.ts'
import { FrameError, FrameKind, linkHash } from './frame-codec.ts'
import {
  decodeHelloReply,
  encodeHello,
  GREETING_BYTES_MAX,
  type HelloReply,
  PEER_PROTOCOL_VERSION,
} from './greeting-codec.ts'

export class Dialer {
  readonly #options: PeerTransportOptions
  readonly #handlers: PeerHandlers
  readonly #peer: PeerAddress
  readonly #channel: PeerChannel
  readonly #prng: Prng
  // Rule: while it runs there is either a socket or a timer for the next one.
  #attempt: Connection | null = null
  #cancelRedial: (() => void) | null = null
  #cancelDeadline: () => void = () => undefined
  /** The connection after its greeting; never one that ended. */
  #up: Connection | null = null
  #calls: CallClient | null = null
  #failures = 0
  #refusedBefore = ''
  #stopped = false

  constructor(
    options: PeerTransportOptions,
    handlers: PeerHandlers,
    peer: PeerAddress,
    channel: PeerChannel,
    prng: Prng,
  ) {
    this.#options = options
    this.#handlers = handlers
    this.#peer = peer
    this.#channel = channel
    this.#prng = prng
  }

  /** The connection that frames can be sent on, or `null`. */
  get up(): Connection | null {
    return this.#up
  }

  /** Does it keep the connection to this address? */
  isFor({ id, host, port }: PeerAddress): boolean {
    return this.#peer.id === id && this.#peer.host === host && this.#peer.port === port
  }

  start(): void {
    this.#dial()
  }

  /** Ends the connection for good. Calls that wait end with `CLOSED`, their outcome unknown. */
  stop(reason: string): void {
    this.#stopped = true
    this.#cancelRedial?.()
    this.#attempt?.end('local', reason)
  }

  /** The peer lives, so it is dialled now if a pause before the next try is running. */
  kick(): void {
    if (this.#cancelRedial === null || this.#stopped) return
    this.#cancelRedial()
    this.#dial()
  }

  /** See `Connection.tick`. */
  tick(judge: boolean): void {
    this.#up?.tick(judge)
  }

  /** See `PeerTransport.call`. */
  call(kind: number, body: readonly Uint8Array[], options: CallOptions): Promise<Uint8Array> {
    if (this.#calls === null) {
      return Promise.reject(new BrokerError('NO_LEADER', `member ${this.#peer.id} is not connected`))
    }
    return this.#calls.call(kind, body, options)
  }

  /** See `PeerTransport.abandonCalls`. */
  abandonCalls(kind: number, reason: string): void {
    this.#calls?.abandon(kind, reason)
  }

  #dial(): void {
    this.#cancelRedial = null
    const { ownId, clusterId, group, identity, version } = this.#options
    const socket = connect({ host: this.#peer.host, port: this.#peer.port, noDelay: true })
    const connection = new Connection(socket, {
      frame: (kind, body) => this.#answered(connection, kind, body),
      ended: (ending, reason) => this.#ended(ending, reason),
    })
    this.#attempt = connection
    this.#cancelDeadline = this.#options.clock.timer(this.#options.connectTimeoutMs, () => {
      connection.end('silent', 'the peer did not answer in time')
    })
    connection.bindOut(linkHash(clusterId, group, ownId, this.#peer.id))
    connection.bindIn(linkHash(clusterId, group, this.#peer.id, ownId), GREETING_BYTES_MAX)
    const hello = encodeHello({
      protocolVersion: PEER_PROTOCOL_VERSION,
      clusterId,
      group,
      fromId: ownId,
      toId: this.#peer.id,
      channel: this.#channel,
      folderId: identity.folderId,
      startCount: identity.startCount,
      processId: identity.processId,
      version,
    })
    connection.send(FrameKind.hello, [hello], 1)
  }

  #answered(connection: Connection, kind: number, body: Uint8Array): void {
    if (kind !== FrameKind.helloReply) throw new FrameError('the first frame is no answer to the greeting')
    const reply = decodeHelloReply(body)
    if (!reply.accepted) {
      this.#refused(connection, 'own', reply.reason, reply.folderRefused)
      return
    }
    connection.handTo({
      frame: () => {
        throw new FrameError('a frame came that nobody asked for')
      },
      ended: (ending, reason) => this.#ended(ending, reason),
    })
    void this.#judge(connection, reply)
  }

  /** The one who was dialled is judged too: its folder may be the older copy. */
  async #judge(connection: Connection, reply: HelloReply): Promise<void> {
    const { folderId, startCount, processId } = reply
    const about = { fromId: this.#peer.id, channel: this.#channel, version: '' }
    const verdict = await this.#handlers.judgePeer({ ...about, folderId, startCount, processId })
    if (connection.ended) return
    if (verdict.accepted) this.#nowUp(connection)
    else this.#refused(connection, 'peer', verdict.reason, verdict.folderRefused)
  }

  #nowUp(connection: Connection): void {
    this.#cancelDeadline()
    this.#failures = 0
    this.#refusedBefore = ''
    this.#up = connection
    let frame: (kind: number, body: Uint8Array) => void = () => {
      throw new FrameError('a Raft message came on a connection that carries them the other way')
    }
    if (this.#channel === 'call') {
      const { clusterId, group, ownId } = this.#options
      connection.bindIn(linkHash(clusterId, group, this.#peer.id, ownId))
      const calls = new CallClient(connection, this.#options.clock)
      this.#calls = calls
      frame = (kind, body) => calls.frame(kind, body)
    }
    connection.handTo({ frame, ended: (ending, reason) => this.#ended(ending, reason) })
    const about = { peer: this.#peer.id, channel: this.#channel, direction: 'out' } as const
    this.#options.logger.info(about, 'peer connected')
    this.#handlers.onConnection({ type: 'up', ...about })
  }

  #refused(connection: Connection, refused: 'own' | 'peer', reason: string, folderRefused: boolean): void {
    const about = { peer: this.#peer.id, channel: this.#channel, direction: 'out', refused } as const
    if (this.#refusedBefore !== reason)
      this.#options.logger.warn({ ...about, reason, folderRefused }, 'peer refused')
    this.#refusedBefore = reason
    connection.end('local', reason)
    this.#handlers.onConnection({ type: 'refused', ...about, reason, folderRefused })
  }

  #ended(ending: Ending, reason: string): void {
    const wasUp = this.#up !== null
    const calls = this.#calls
    this.#cancelDeadline()
    this.#attempt = null
    this.#up = null
    this.#calls = null
    if (!this.#stopped) this.#redialLater()
    const about = { peer: this.#peer.id, channel: this.#channel, direction: 'out' } as const
    if (!wasUp) {
      this.#options.logger.debug({ ...about, ending, reason }, 'peer not reached')
      this.#handlers.onConnection({ type: 'unreached', ...about, ending })
      return
    }
    this.#options.logger.info({ ...about, ending, reason }, 'peer disconnected')
    calls?.ended(this.#lostCall())
    this.#handlers.onConnection({ type: 'down', ...about, ending, reason })
  }

  #lostCall(): BrokerError {
    const code = this.#stopped ? 'CLOSED' : 'NO_LEADER'
    const message = `the connection to member ${this.#peer.id} ended before it answered`
    return new BrokerError(code, message, { outcome: 'unknown' })
  }

  /** Jitter takes away up to half, so that members that start together do not dial in step. */
  #redialLater(): void {
    const { min, max } = this.#options.redialMs
    const whole = Math.min(max, min * 2 ** Math.min(this.#failures, 20))
    this.#failures++
    const pause = whole * (1 - this.#prng.fraction() / 2)
    this.#cancelRedial = this.#options.clock.timer(pause, () => this.#dial())
  }
}
