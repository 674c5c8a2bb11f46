/** Where the log begins on this member, and how its oldest segments go. */
import { assert } from '../base/assert.ts'
import type { LogIndex, LogPosition } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Disk } from '../base/ports.ts'
import { hasCode } from '../store/node-disk.ts'
import type { FailStop } from './fail-stop.ts'
import { type LogBase, writeLogBase } from './log-base.ts'
import type { RecordIndex } from './log-index.ts'
import { type LogShape, type SegmentFiles, segmentStart } from './segment.ts'

/** The parts of an open log that its start is made of. */
export interface LogStartParts {
  readonly disk: Disk
  readonly index: RecordIndex
  readonly files: SegmentFiles
  readonly shape: LogShape
  readonly failStop: FailStop
  /** All below is on the disk. */
  readonly durableEnd: () => number
}

export class LogStart {
  readonly #log: LogStartParts

  constructor(log: LogStartParts) {
    this.#log = log
  }

  /** What is kept of the log in memory, in positions, and the size of its segments. */
  get span(): { readonly start: LogPosition; readonly end: LogPosition; readonly segmentBytes: number } {
    const { index, shape } = this.#log
    return { start: index.base.position, end: index.end, segmentBytes: shape.segmentBytes }
  }

  /** Where the log begins. */
  get base(): LogBase {
    return this.#log.index.base
  }

  /** The sizes that the log was made with. */
  get shape(): LogShape {
    return this.#log.shape
  }

  /** Where the record ends; the start of the log for what stands below it. `index` must not be behind the log. */
  endOf(index: LogIndex): LogPosition {
    return this.#log.index.endOf(Math.max(index, this.#log.index.base.index))
  }

  /** The first record kept that starts at or behind the position; behind the last one when none does. */
  firstFrom(position: LogPosition): LogIndex {
    return this.#log.index.firstFrom(position)
  }

  /** Whether a segment stands wholly below `position`, so that `dropBelow` removes something. */
  canDropBelow(position: LogPosition): boolean {
    return segmentStart(position, this.#log.shape.segmentBytes) > this.#log.index.base.position
  }

  /**
   * Removes the segments that stand wholly below `position`, durably: first the new start of the log is made
   * known, then they go, the oldest first. Reads under way go on; later ones of what is gone are refused. All
   * below `position` is committed and applied for good. Rejects with ENOSPC, and changes nothing, when the new
   * start cannot be written; with STORAGE_FAILED otherwise. One call at a time.
   */
  async dropBelow(position: LogPosition): Promise<void> {
    const { disk, index, files, shape, failStop, durableEnd } = this.#log
    failStop.check()
    if (!this.canDropBelow(position)) return
    assert(position <= durableEnd(), 'what goes is durable', { position })
    try {
      const base = index.baseAt(segmentStart(position, shape.segmentBytes))
      await writeLogBase(disk, base)
      index.dropBelow(base)
      await files.dropBelow(base.position)
    } catch (error) {
      if (hasCode(error, 'ENOSPC')) throw error
      throw failStop.fail('removing segments', error)
    }
  }

  /** What a read of something below the start is told. */
  gone(what: string): BrokerError {
    const start = this.#log.index.base.position
    return new BrokerError('CANCELLED', `The log begins at position ${start} now; ${what} is gone.`)
  }
}
