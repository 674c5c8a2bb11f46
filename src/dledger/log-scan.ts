/**
 * Walks over the records of the log as the disk holds them and checks each that is not known from an index file: header and body CRC, chain, index,
 * position, term. It stops at the first thing that is wrong and can go on from there when that was repaired.
 */
import { BrokerError, messageOf } from '../base/errors.ts'
import type { DiskFile } from '../base/ports.ts'
import type { Configuration } from '../raft/types.ts'
import { hasCode } from '../store/node-disk.ts'
import { readFully } from '../store/read-fully.ts'
import type { RecordIndex } from './log-index.ts'
import { configurationIn } from './configuration-record.ts'
import { checkRecord, type RecordCheck, type RecordHeader } from './record-codec.ts'
import type { SegmentRecords } from './segment-index.ts'
import { type LogShape, placeRecord, type SegmentFiles, segmentStart } from './segment.ts'

/** How much is read at once at most. A larger record is read whole. */
const SCAN_BYTES = 4 * 1024 * 1024
/** The first read after a fault: the next fault may be near. Each further one is twice as large. */
const FIRST_BYTES = 64 * 1024
/** How much is read at once where a larger read failed: what a disk loses as a whole. */
const SMALL_BYTES = 4096

/** Where the records stop making sense, and why. */
export interface ScanFault {
  /** Where the next record should stand, as far as the files tell: only its own size would tell for sure. */
  readonly position: number
  readonly reason: string
}

/** What is known of the full segment at `start` without reading it. */
export type KnownSegments = (start: number) => Promise<SegmentRecords | undefined>

export class LogScan {
  readonly #files: SegmentFiles
  readonly #index: RecordIndex
  readonly #shape: LogShape
  readonly #known: KnownSegments

  /**
   * Begins behind the last record of `index` and adds to it what is sound. The records of a full segment that is
   * known are not read: readings of them are compared to what is known, and so are those of the scrub.
   */
  constructor(files: SegmentFiles, index: RecordIndex, shape: LogShape, known: KnownSegments) {
    this.#known = known
    this.#files = files
    this.#index = index
    this.#shape = shape
  }

  /** Goes on to the first fault, or to the end of the log: `undefined`. */
  async toFault(): Promise<ScanFault | undefined> {
    for (;;) {
      const position = await this.#next()
      if (position === undefined) return undefined
      if (await this.#adoptKnown(position)) continue
      const fault = await this.#scanSegment(position)
      if (fault !== undefined) return fault
    }
  }

  /** Where the next record stands if there is one; `undefined` at the end of the last file. */
  async #next(): Promise<number | undefined> {
    const { segmentBytes } = this.#shape
    const end: number = this.#index.end
    const start = segmentStart(end, segmentBytes)
    const size = (await this.#files.at(end)?.size()) ?? 0
    if (end - start < size) return end
    const next = end === start ? end : start + segmentBytes
    const left = this.#files.count - next / segmentBytes
    if (left <= 0) return undefined
    // A file that was made for a write that never came holds nothing that could be wrong.
    const isEmptyLast = left === 1 && (await this.#files.at(next)?.size()) === 0
    return isEmptyLast ? undefined : next
  }

  /** Takes a full segment from its index file, when that fits what is before it and the segment's size. */
  async #adoptKnown(position: number): Promise<boolean> {
    const { segmentBytes } = this.#shape
    const index = this.#index
    const isFull = position % segmentBytes === 0 && position / segmentBytes < this.#files.count - 1
    const records = isFull ? await this.#known(position) : undefined
    if (records === undefined || records.used !== (await this.#files.at(position)?.size())) return false
    const fits = records.firstIndex === index.lastIndex + 1 && records.chain === index.lastCrc
    if (!fits || (records.runs[0]?.term ?? 0) < index.termOf(index.lastIndex)) return false
    index.adopt(records)
    return true
  }

  async #scanSegment(position: number): Promise<ScanFault | undefined> {
    const { segmentBytes } = this.#shape
    const start = segmentStart(position, segmentBytes)
    const file = this.#files.at(position)
    const size = (await file?.size()) ?? 0
    if (file === undefined) return { position, reason: 'its segment is missing' }
    if (position - start >= size) return { position, reason: 'its segment is empty' }
    const window = new Window(file, size)
    let offset = position - start
    while (offset < size) {
      const check = this.#check(window, offset, start + offset)
      const at = start + offset
      if (check.type === 'bad') return { position: at, reason: check.reason }
      if (check.type === 'ok') {
        const { header } = check
        const configuration = this.#configurationIn(header, window, offset)
        this.#index.append(header.term, header.position, header.length, header.headerCrc, configuration)
        offset += header.length
        continue
      }
      if (window.end >= offset + Math.min(check.needed, size - offset)) {
        return { position: at, reason: 'it is not whole' }
      }
      const failure = await window.fill(offset, check.needed)
      if (failure !== undefined) return { position: at, reason: failure }
    }
    return undefined
  }

  /** A sound record that cannot be understood was written by a newer program. */
  #configurationIn(header: RecordHeader, window: Window, offset: number): Configuration | undefined {
    const configuration = configurationIn(header, window.bytes, offset - window.start)
    if (typeof configuration !== 'string') return configuration
    const message = `The record of index ${header.index} cannot be used by this program: ${configuration}.`
    throw new BrokerError('FOLDER_REFUSED', message)
  }

  #check(window: Window, offset: number, position: number): RecordCheck {
    const { segmentBytes } = this.#shape
    const index = this.#index
    const check = checkRecord(window.bytes, offset - window.start, {
      index: index.lastIndex + 1,
      position,
      chain: index.lastCrc,
      termMin: index.termOf(index.lastIndex),
    })
    if (check.type !== 'ok') return check
    const { length } = check.header
    if (length > segmentBytes || placeRecord(index.end, length, segmentBytes) !== position) {
      return { type: 'bad', reason: 'it does not stand where the layout puts it' }
    }
    return check
  }
}

/** The part of a file that is in memory. */
class Window {
  readonly #file: DiskFile
  readonly #size: number
  #buffer: Uint8Array = new Uint8Array(0)
  #wanted = FIRST_BYTES
  bytes: Uint8Array
  /** The file offset of `bytes`. */
  start = 0

  constructor(file: DiskFile, size: number) {
    this.#file = file
    this.#size = size
    this.bytes = this.#buffer.subarray(0, 0)
  }

  get end(): number {
    return this.start + this.bytes.byteLength
  }

  /**
   * Moves to `offset` with at least `needed` bytes, fewer only at the file's end. Where a large read fails a
   * small one is tried, so that a bad sector costs only the records in it. Returns why it failed.
   */
  async fill(offset: number, needed: number): Promise<string | undefined> {
    const left = this.#size - offset
    try {
      await this.#read(offset, Math.min(Math.max(this.#wanted, needed), left))
      this.#wanted = Math.min(2 * this.#wanted, SCAN_BYTES)
    } catch (error) {
      if (!hasCode(error, 'EIO')) throw error
      try {
        await this.#read(offset, Math.min(Math.max(SMALL_BYTES, needed), left))
      } catch (again) {
        if (!hasCode(again, 'EIO')) throw again
        return `it cannot be read: ${messageOf(again)}`
      }
    }
    const isShort = this.bytes.byteLength < Math.min(needed, left)
    return isShort ? 'the file became shorter while it was read' : undefined
  }

  async #read(offset: number, size: number): Promise<void> {
    if (this.#buffer.byteLength < size) this.#buffer = new Uint8Array(size)
    this.bytes = this.#buffer.subarray(0, 0)
    const bytes = await readFully(this.#file, this.#buffer.subarray(0, size), offset)
    this.bytes = bytes
    this.start = offset
  }
}
