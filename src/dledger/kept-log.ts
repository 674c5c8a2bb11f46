/** What a member keeps of the log, as whoever decides about retention sees it, and what it removes of it. */
import type { LogIndex, LogPosition } from '../base/brand.ts'
import type { PeerProgress } from '../raft/types.ts'
import { FloorKeeper, type FloorKeeperOptions } from './floor-keeper.ts'
import type { LogStore } from './log-store.ts'

export interface KeptLogOptions extends FloorKeeperOptions {
  readonly machine: { readonly appliedIndex: LogIndex; readonly floor: LogPosition }
  /** What the leader knows of the others. */
  readonly peers: () => readonly PeerProgress[]
}

export class KeptLog {
  readonly #log: LogStore
  readonly #options: KeptLogOptions
  readonly #floor: FloorKeeper

  constructor(options: KeptLogOptions) {
    this.#log = options.log
    this.#options = options
    this.#floor = new FloorKeeper(options)
  }

  /** From where to where this member has the log, and the size of its segments. */
  get span(): { readonly start: LogPosition; readonly end: LogPosition; readonly segmentBytes: number } {
    return this.#log.start.span
  }

  /** Up to here this member has applied the log. */
  get appliedEnd(): LogPosition {
    return this.#log.start.endOf(this.#options.machine.appliedIndex)
  }

  /** Up to here every member holds the log and this one has applied it. Known on the leader only. */
  get sharedEnd(): LogPosition {
    let index: number = this.#options.machine.appliedIndex
    for (const { matchIndex } of this.#options.peers()) index = Math.min(index, matchIndex)
    return this.#log.start.endOf(index as LogIndex)
  }

  /** The bodies of applied entries, from the first one on that starts at or behind the position. */
  async *bodiesFrom(position: LogPosition): AsyncGenerator<Uint8Array> {
    let index: number = this.#log.start.firstFrom(position)
    for (; index <= this.#options.machine.appliedIndex; index++) {
      yield await this.#log.readBody(index as LogIndex)
    }
  }

  /** Entries were applied: what the machine needs no more can go, and a full segment may be complete. */
  look(): void {
    this.#floor.look()
    this.#log.indexer.look(this.#options.machine.appliedIndex)
  }

  /** Resolves when nothing is under way. */
  async drained(): Promise<void> {
    await this.#floor.drained()
  }
}
