/**
 * Turns the core's messages into frames. An append names a range of entries; their bytes come from memory, or,
 * for a peer that is behind, from the disk. What goes to one peer keeps its order: behind an append that
 * waits for the disk, everything else for that peer waits too.
 */
import type { NodeId } from '../base/brand.ts'
import { messageOf } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import type { AppendOut, PlainMessage } from '../raft/types.ts'
import type { LogStore } from './log-store.ts'
import { encodeAppend, encodeMessage } from './peers/index.ts'

/** The part of the peer transport that carries Raft messages. */
export interface RaftLink {
  /** False: not connected, or too much waits; nothing was sent. */
  sendRaft(to: NodeId, chunks: readonly Uint8Array[]): boolean
  /** Hands over what the sends of this turn gathered. */
  flush(): void
}

/** Messages that may wait for a disk read of one peer; later ones are dropped, as any message may be. */
const WAITING_MAX = 256

type SentMessage = PlainMessage | AppendOut

export class PeerSender {
  readonly #link: RaftLink
  readonly #log: LogStore
  readonly #logger: Logger
  readonly #unread: (peer: NodeId) => void
  /** Peers with an append that waits for the disk, and what waits behind it. */
  readonly #behind = new Map<NodeId, SentMessage[]>()

  /**
   * `unread` hears of a peer whose append could not be read. An append that the link does not take is simply
   * lost: the link says by itself when a connection ends, and a later heartbeat finds the gap.
   */
  constructor(link: RaftLink, log: LogStore, logger: Logger, unread: (peer: NodeId) => void) {
    this.#link = link
    this.#log = log
    this.#logger = logger
    this.#unread = unread
  }

  send(to: NodeId, message: SentMessage): void {
    const behind = this.#behind.get(to)
    if (behind === undefined) this.#sendNow(to, message)
    else if (behind.length < WAITING_MAX) behind.push(message)
  }

  #sendNow(to: NodeId, message: SentMessage): void {
    if (message.type !== 'append' || message.last < message.first) {
      const bytes = message.type === 'append' ? encodeAppend(message, 0) : encodeMessage(message)
      this.#link.sendRaft(to, [bytes])
      return
    }
    const records = this.#log.cachedRecords(message.first, message.last, Number.MAX_SAFE_INTEGER)
    if (records !== undefined) this.#sendAppend(to, message, records)
    else void this.#sendFromDisk(to, message)
  }

  #sendAppend(to: NodeId, message: AppendOut, records: Uint8Array): void {
    const count = message.last - message.first + 1
    this.#link.sendRaft(to, [encodeAppend(message, count), records])
  }

  async #sendFromDisk(to: NodeId, message: AppendOut): Promise<void> {
    this.#behind.set(to, [])
    try {
      const records = await this.#log.readRecords(message.first, message.last, Number.MAX_SAFE_INTEGER)
      this.#sendAppend(to, message, records)
    } catch (error) {
      this.#logger.warn({ peer: to, error: messageOf(error) }, 'append could not be read')
      this.#unread(to)
    }
    const waiting = this.#behind.get(to) ?? []
    this.#behind.delete(to)
    for (const next of waiting) this.send(to, next)
    this.#link.flush()
  }
}
