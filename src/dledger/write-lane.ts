/**
 * The one road to the disk for Raft state. One write is under way at a time and everything that comes in
 * meanwhile is gathered into the next one, so one fdatasync serves all that waits (group commit).
 *
 * Order inside a write: hard state, then the cut, then the records (raft/types.ts `Write`). The first failure
 * ends the lane: a failed fsync leaves the page cache unknowable, so nothing is ever tried again.
 */
import type { LogIndex } from '../base/brand.ts'
import { assert } from '../base/assert.ts'
import { WRITE_BYTES_MAX } from '../base/limits.ts'
import type { HardState } from '../raft/types.ts'

/** One write of the core with its records as bytes. */
export interface LaneWrite {
  readonly id: number
  readonly hardState: HardState | null
  readonly truncateFrom: LogIndex | null
  readonly records: readonly Uint8Array[]
}

/** Where the lane writes to. */
export interface LaneTarget {
  /** Resolves when term and vote are durable. */
  saveHardState(hardState: HardState): Promise<void>
  /** Resolves when the cut, and then the records, are durable. */
  writeLog(truncateFrom: LogIndex | null, records: readonly Uint8Array[]): Promise<void>
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
    if (!this.#busy && !this.#failed) void this.#run()
  }

  async #run(): Promise<void> {
    this.#busy = true
    try {
      while (this.#waiting.length > 0) {
        const group = this.#takeGroup()
        await this.#execute(group)
        this.#events.persisted((group.at(-1) as LaneWrite).id)
      }
      this.#busy = false
    } catch (error) {
      this.#failed = true
      this.#events.failed(error)
    }
  }

  /** The longest run from the front in which only the first write cuts, limited by bytes. */
  #takeGroup(): LaneWrite[] {
    let bytes = 0
    let count = 0
    for (const write of this.#waiting) {
      if (count > 0 && write.truncateFrom !== null) break
      for (const record of write.records) bytes += record.byteLength
      if (count > 0 && bytes > WRITE_BYTES_MAX) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  async #execute(group: readonly LaneWrite[]): Promise<void> {
    let hardState: HardState | null = null
    for (const write of group) hardState = write.hardState ?? hardState
    if (hardState !== null) await this.#target.saveHardState(hardState)
    const truncateFrom = group[0]?.truncateFrom ?? null
    const records = group.length === 1 ? (group[0]?.records ?? []) : group.flatMap((write) => write.records)
    if (truncateFrom !== null || records.length > 0) await this.#target.writeLog(truncateFrom, records)
  }
}
