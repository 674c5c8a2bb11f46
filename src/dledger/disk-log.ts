/**
 * The disk's side of the log: executes cuts and appends, each durable when it resolves. Knows how far the
 * disk is, nothing of indexes. Rule: one call at a time; the synced mark is never above the durable end.
 */
import { assert } from '../base/assert.ts'
import { type LogIndex, type LogPosition, logPosition } from '../base/brand.ts'
import type { LogRecord } from './record-codec.ts'
import { type LogShape, placeRecord, type SegmentFiles } from './segment.ts'
import type { SyncedMark } from './synced-mark.ts'

/** A cut of the in-memory log that the disk must follow. Hand it to `LogStore.write` in its place, once. */
export interface LogCut {
  readonly index: LogIndex
  /** The end of the last record that stays. */
  readonly position: LogPosition
}

/** What one Raft `Write` changes: first the cut, then the records. */
export interface LogChange {
  readonly cut: LogCut | null
  readonly records: readonly LogRecord[]
}

/**
 * Makes one cut and one append of changes that follow each other: a record that a later change cuts off is
 * left out. `cutAt` is where the disk's log must end first, `null` when nothing is cut.
 */
export function mergeChanges(changes: readonly LogChange[]): {
  readonly cutAt: LogPosition | null
  readonly records: readonly LogRecord[]
} {
  let cutAt: LogPosition | null = null
  const records: LogRecord[] = []
  for (const { cut, records: added } of changes) {
    if (cut !== null) {
      while ((records.at(-1)?.position ?? -1) >= cut.position) records.pop()
      if (cutAt === null || cut.position < cutAt) cutAt = cut.position
    }
    for (const record of added) records.push(record)
  }
  return { cutAt, records }
}

export class DiskLog {
  /** For reads of what is below `end`. */
  readonly files: SegmentFiles
  readonly #mark: SyncedMark
  readonly #shape: LogShape
  #end: LogPosition

  /** `end` is where the durable log ends. */
  constructor(files: SegmentFiles, mark: SyncedMark, end: LogPosition, shape: LogShape) {
    this.files = files
    this.#mark = mark
    this.#shape = shape
    this.#end = end
  }

  /** All below is durable. Goes down as soon as a cut begins. */
  get end(): LogPosition {
    return this.#end
  }

  /** Ends the log at `position`, durably: the mark first, so that it never stands above the log's end. */
  async cut(position: LogPosition): Promise<void> {
    assert(position <= this.#end, 'a cut shortens the log', { position, end: this.#end })
    this.#end = position
    await this.#mark.set(position)
    await this.files.truncate(position)
  }

  /** Appends records that continue the log. A full segment is durable before the next one is made. */
  async append(records: readonly LogRecord[]): Promise<void> {
    const { segmentBytes, recordBytesMax, writeBytesMax } = this.#shape
    let group: Uint8Array[] = []
    let start: number = this.#end
    let end: number = this.#end
    for (const record of records) {
      const { size, position } = record
      assert(position === placeRecord(end, size, segmentBytes), 'records continue the disk', {
        position,
        end,
      })
      assert(size <= recordBytesMax, 'a record has a limit', { size })
      const rolls = position % segmentBytes === 0
      if (rolls || end - start + size > writeBytesMax) {
        await this.#writeGroup(group, start, end)
        group = []
        start = position
      }
      group.push(record.bytes)
      end = position + size
    }
    await this.#writeGroup(group, start, end)
  }

  async close(): Promise<void> {
    await this.#mark.close()
    await this.files.close()
  }

  async #writeGroup(group: readonly Uint8Array[], start: number, end: number): Promise<void> {
    if (group.length === 0) return
    await this.files.write(group, start)
    this.#end = logPosition(end)
    this.#mark.advance(this.#end)
  }
}
