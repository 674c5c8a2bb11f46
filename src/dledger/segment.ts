/**
 * The segment files of the log. The log is one space of bytes, cut into files: segment k holds the positions
 * from k * SEGMENT_BYTES on, in `log/<start as 20 digits>.segment`. A record never spans two segments: one
 * that does not fit into the rest starts at the next segment. So the files follow from the records alone and
 * are equal on every member. Files are not preallocated.
 */
import { assert } from '../base/assert.ts'
import type { Disk, DiskFile } from '../base/ports.ts'

/** The folder of the log below the data folder. */
export const LOG_FOLDER = 'log'

/** Sizes that the layout and its recovery depend on. They never change for a log. */
export interface LogShape {
  readonly segmentBytes: number
  /** A whole record is at most this large. */
  readonly recordBytesMax: number
  /** A write is at most this large before it is synced. Rule: more than a record. */
  readonly writeBytesMax: number
}

const NAME = /^(\d{20})\.segment$/
const INDEX_NAME = /^(\d{20})\.index(?:\.new)?$/

/** The path of the segment that starts at `start`. */
export function segmentPath(start: number): string {
  return `${LOG_FOLDER}/${String(start).padStart(20, '0')}.segment`
}

/** The path of the index file of that segment (segment-index.ts). */
export function segmentIndexPath(start: number): string {
  return `${LOG_FOLDER}/${String(start).padStart(20, '0')}.index`
}

/** The start that a file name of the log folder tells, `undefined` for any other file. */
export function segmentStartOf(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** The start of the segment that holds `position`. */
export function segmentStart(position: number, segmentBytes: number): number {
  return position - (position % segmentBytes)
}

/** Where a record of `length` bytes goes when the log ends at `end`: there, or at the next segment. */
export function placeRecord(end: number, length: number, segmentBytes: number): number {
  assert(length <= segmentBytes, 'a record fits a segment', { length, segmentBytes })
  const used = end % segmentBytes
  return used + length <= segmentBytes ? end : end - used + segmentBytes
}

/**
 * The open files of all segments. Rule: after recovery there is no gap from the first on. Changes come one at
 * a time; reads, and `mend` of what is not being changed, may come beside them.
 */
export class SegmentFiles {
  readonly #disk: Disk
  readonly #shape: LogShape
  /** `undefined` where a file is missing. */
  readonly #files: (DiskFile | undefined)[] = []
  /** How many segments were before the first one here. */
  #first: number
  /** How many reads are under way in a file. */
  readonly #pins = new Map<DiskFile, number>()
  /** Files that were removed while they were read: the last read closes them. */
  readonly #removed = new Set<DiskFile>()
  readonly #mends = new Set<Promise<void>>()

  private constructor(disk: Disk, shape: LogShape, start: number) {
    this.#disk = disk
    this.#shape = shape
    this.#first = start / shape.segmentBytes
  }

  /**
   * Opens the segments that exist from `start` on, the start of a segment. Older ones are what a crash left of
   * a removal: they are removed, durably. A file that is no segment of this shape is left alone.
   */
  static async open(disk: Disk, shape: LogShape, start = 0): Promise<SegmentFiles> {
    const files = new SegmentFiles(disk, shape, start)
    await files.#removeIndexes((begin) => begin < start)
    for (const name of await disk.list(LOG_FOLDER)) {
      const begin = segmentStartOf(name)
      if (begin === undefined || begin % shape.segmentBytes !== 0) continue
      if (begin < start) {
        await files.#remove(begin)
        continue
      }
      const at = begin / shape.segmentBytes - files.#first
      while (files.#files.length < at) files.#files.push(undefined)
      files.#files[at] = await disk.open(segmentPath(begin), { create: false })
    }
    return files
  }

  /** How many segments there are and were from position 0 on, missing and removed ones among them. */
  get count(): number {
    return this.#first + this.#files.length
  }

  /** The file that holds `position`, `undefined` when it is missing or behind the last. */
  at(position: number): DiskFile | undefined {
    return this.#files[Math.floor(position / this.#shape.segmentBytes) - this.#first]
  }

  /** As `at`; the file stays open until it is unpinned, even when it is removed. */
  pin(position: number): DiskFile | undefined {
    const file = this.at(position)
    if (file !== undefined) this.#pins.set(file, (this.#pins.get(file) ?? 0) + 1)
    return file
  }

  async unpin(file: DiskFile): Promise<void> {
    const left = (this.#pins.get(file) ?? 0) - 1
    assert(left >= 0, 'only what is pinned is unpinned')
    if (left > 0) {
      this.#pins.set(file, left)
      return
    }
    this.#pins.delete(file)
    if (this.#removed.delete(file)) await file.close()
  }

  /**
   * Removes the segments before `start`, the oldest first, each durably, so that no crash leaves a gap. Reads
   * that are under way in them go on.
   */
  async dropBelow(start: number): Promise<void> {
    const end = start / this.#shape.segmentBytes
    while (this.#first < end && this.#files.length > 0) {
      const file = this.#files.shift()
      const begin = this.#first * this.#shape.segmentBytes
      this.#first++
      await Promise.allSettled(this.#mends)
      await this.#removeIndexes((indexed) => indexed === begin)
      if (file === undefined) continue
      await this.#remove(begin)
      if (this.#pins.has(file)) this.#removed.add(file)
      else await file.close()
    }
  }

  async #removeIndexes(goes: (start: number) => boolean): Promise<void> {
    for (const name of await this.#disk.list(LOG_FOLDER)) {
      const digits = INDEX_NAME.exec(name)?.[1]
      if (digits !== undefined && goes(Number(digits))) await this.#disk.remove(`${LOG_FOLDER}/${name}`)
    }
  }

  async #remove(start: number): Promise<void> {
    await this.#disk.remove(segmentPath(start))
    await this.#disk.syncFolder(LOG_FOLDER)
  }

  /**
   * Writes chunks at `position`, all inside one segment, and resolves when they are durable. A new segment's
   * name is durable too.
   */
  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    const offset = position % this.#shape.segmentBytes
    const existing = this.at(position)
    if (existing !== undefined) {
      await existing.write(chunks, offset)
      await existing.sync()
      return
    }
    assert(position === this.count * this.#shape.segmentBytes, 'segments follow without a gap', {
      position,
    })
    const file = await this.#disk.open(segmentPath(position), { create: true })
    this.#files.push(file)
    await file.write(chunks, offset)
    await file.sync()
    await this.#disk.syncFolder(LOG_FOLDER)
  }

  /**
   * Writes `bytes` over what stands at `position`, durably, all inside one segment; makes the file when it is
   * missing. It uses a file handle of its own: the system tells each handle once that a sync lost pages, and
   * what tells this one must not be hidden from the handle that appends. What was removed is not mended.
   */
  async mend(bytes: Uint8Array, position: number): Promise<void> {
    if (position < this.#first * this.#shape.segmentBytes) return
    const work = this.#mend(bytes, position)
    this.#mends.add(work)
    try {
      await work
    } finally {
      this.#mends.delete(work)
    }
  }

  async #mend(bytes: Uint8Array, position: number): Promise<void> {
    const start = segmentStart(position, this.#shape.segmentBytes)
    const isNew = this.at(position) === undefined
    const file = await this.#disk.open(segmentPath(start), { create: isNew })
    let keep = false
    try {
      await file.write([bytes], position - start)
      await file.sync()
      if (isNew) {
        await this.#disk.syncFolder(LOG_FOLDER)
        this.#files[start / this.#shape.segmentBytes - this.#first] = file
        keep = true
      }
    } finally {
      if (!keep) await file.close()
    }
  }

  /** Ends one segment at `position`, durably: what stands behind it there is of no record. */
  async trim(position: number): Promise<void> {
    const file = this.at(position)
    if (file === undefined) return
    await file.truncate(position % this.#shape.segmentBytes)
    await file.sync()
  }

  /**
   * Ends the log at `end`, durably. Files go one by one from the newest and each removal is made durable, so
   * that no crash leaves a gap between segments. A segment without a byte left goes too. The last file becomes
   * shorter in steps: a crash may leave zeros from a step's start to the old end of the file, and with the
   * rest of the record that it cuts through they must not be more than one write, which is what recovery
   * takes for torn.
   */
  async truncate(end: number): Promise<void> {
    const keep = Math.ceil(end / this.#shape.segmentBytes)
    while (this.count > keep && this.#files.length > 0) {
      const file = this.#files.pop()
      if (file === undefined) continue
      await file.close()
      await this.#remove(this.count * this.#shape.segmentBytes)
    }
    const last = this.#files.at(-1)
    if (last === undefined) return
    const wanted = end - (this.count - 1) * this.#shape.segmentBytes
    const step = this.#shape.writeBytesMax - this.#shape.recordBytesMax
    let size = await last.size()
    assert(wanted <= size, 'a cut makes the log shorter', { wanted, size })
    do {
      size = Math.max(wanted, size - step)
      await last.truncate(size)
      await last.sync()
    } while (size > wanted)
  }

  async close(): Promise<void> {
    for (const file of this.#files.splice(0)) await file?.close()
  }
}
