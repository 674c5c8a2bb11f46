/** What a member keeps of the log, as whoever decides about retention sees it. */
import type { LogIndex, LogPosition } from '../base/brand.ts'
import type { PeerProgress } from '../raft/types.ts'
import type { LogStore } from './log-store.ts'

export class KeptLog {
  readonly #log: LogStore
  readonly #machine: { readonly appliedIndex: LogIndex }
  readonly #peers: () => readonly PeerProgress[]

  /** `peers` tells what the leader knows of the others. */
  constructor(
    log: LogStore,
    machine: { readonly appliedIndex: LogIndex },
    peers: () => readonly PeerProgress[],
  ) {
    this.#log = log
    this.#machine = machine
    this.#peers = peers
  }

  /** From where to where this member has the log, and the size of its segments. */
  get span(): { readonly start: LogPosition; readonly end: LogPosition; readonly segmentBytes: number } {
    return this.#log.span
  }

  /** Up to here every member holds the log and this one has applied it. Known on the leader only. */
  get sharedEnd(): LogPosition {
    let index: number = this.#machine.appliedIndex
    for (const { matchIndex } of this.#peers()) index = Math.min(index, matchIndex)
    return this.#log.endOf(index as LogIndex)
  }

  /** The bodies of applied entries, from the first one on that starts at or behind the position. */
  async *bodiesFrom(position: LogPosition): AsyncGenerator<Uint8Array> {
    let index: number = this.#log.firstFrom(position)
    for (; index <= this.#machine.appliedIndex; index++) yield await this.#log.readBody(index as LogIndex)
  }
}
