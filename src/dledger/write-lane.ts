/**
 * The one road to the disk for Raft state. One write is under way at a time and everything that comes in
 * meanwhile is gathered into the next one, so one fdatasync serves all that waits (group commit).
 *
 * Order inside a write: hard state, then the cut, then the records (raft/types.ts `Write`). The first failure
 * ends the lane: a failed fsync leaves the page cache unknowable, so nothing is ever tried again.
 */
import { assert } from '../base/assert.ts'
import type { HardState } from '../raft/types.ts'
import type { LogChange } from './log-store.ts'

/** One write of the core with its records as bytes. */
export interface LaneWrite {
  readonly id: number
  readonly hardState: HardState | null
  readonly change: LogChange | null
}

/** Where the lane writes to. */
export interface LaneTarget {
  /** Resolves when term and vote are durable. */
  saveHardState(hardState: HardState): Promise<void>
  /** Resolves when all the changes are durable, in order. */
  writeLog(changes: readonly LogChange[]): Promise<void>
}

export interface WriteLaneEvents {
  /** The write with this id, and all before it, are durable. */
  persisted(id: number): void
  /** The lane is dead. */
  failed(error: unknown): void
}

export class WriteLane {
  readonly #target: LaneTarget
  readonly #events: WriteLaneEvents
  #waiting: LaneWrite[] = []
  #busy = false
  #failed = false
  #run: Promise<void> = Promise.resolve()

  constructor(target: LaneTarget, events: WriteLaneEvents) {
    this.#target = target
    this.#events = events
  }

  /** Nothing is under way or waiting. */
  get idle(): boolean {
    return !this.#busy && this.#waiting.length === 0
  }

  enqueue(write: LaneWrite): void {
    const last = this.#waiting.at(-1)
    assert(last === undefined || last.id < write.id, 'writes come in the order of their ids')
    this.#waiting.push(write)
    if (!this.#busy && !this.#failed) this.#run = this.#work()
  }

  /** Resolves when nothing is under way any more. */
  async drained(): Promise<void> {
    while (this.#busy && !this.#failed) await this.#run
  }

  async #work(): Promise<void> {
    this.#busy = true
    try {
      while (this.#waiting.length > 0) {
        const group = this.#waiting
        this.#waiting = []
        await this.#execute(group)
        this.#events.persisted((group.at(-1) as LaneWrite).id)
      }
    } catch (error) {
      this.#failed = true
      this.#events.failed(error)
    } finally {
      this.#busy = false
    }
  }

  async #execute(group: readonly LaneWrite[]): Promise<void> {
    let hardState: HardState | null = null
    const changes: LogChange[] = []
    for (const write of group) {
      hardState = write.hardState ?? hardState
      if (write.change !== null) changes.push(write.change)
    }
    if (hardState !== null) await this.#target.saveHardState(hardState)
    if (changes.length > 0) await this.#target.writeLog(changes)
  }
}
