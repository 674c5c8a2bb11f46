/**
 * Reading records back from the segment files. Every record that was read is compared to what is known of it
 * in memory, so wrong bytes of the disk are never passed on, and a message is never taken from a record that
 * rotted. Records that messages were read from stay in memory for a while: who reads old messages reads them
 * one after the other.
 */
import { broken, InvariantError } from '../base/assert.ts'
import { BrokerError } from '../base/errors.ts'
import type { DiskFile } from '../base/ports.ts'
import { hasCode } from '../store/node-disk.ts'
import { readFully } from '../store/read-fully.ts'
import type { RecordIndex } from './log-index.ts'
import { RecordCache } from './record-cache.ts'
import { checkRecord } from './record-codec.ts'
import { type SegmentFiles, segmentPath } from './segment.ts'

/** Bytes of old records kept in memory. */
const CACHE_BYTES_MAX = 32 * 1024 * 1024

/** A run of records inside one segment, whose file is pinned. */
interface Run {
  readonly file: DiskFile
  readonly position: number
  readonly size: number
}

/** What each record of a range must look like, taken before the read. */
interface Known {
  readonly index: number
  readonly position: number
  readonly chain: number
  readonly headerCrc: number
  readonly term: number
}

/** Repairs the records `first` to `last` as far as they are damaged; false when that was not possible. */
export type Mend = (first: number, last: number) => Promise<boolean>

/**
 * Reads what the disk holds. Its calls reject with DATA_DAMAGED when the disk gives other bytes than were
 * written, STORAGE_FAILED when it gives none, and CANCELLED when the log was cut meanwhile. Before either of
 * the first two the records are repaired, if they can be, and read once more.
 */
export class LogReader {
  readonly #files: SegmentFiles
  readonly #index: RecordIndex
  readonly #segmentBytes: number
  readonly #cache = new RecordCache(CACHE_BYTES_MAX)
  readonly #underWay = new Map<number, Promise<Uint8Array>>()
  #cutCount = 0
  #mend: Mend | undefined

  constructor(files: SegmentFiles, index: RecordIndex, segmentBytes: number) {
    this.#files = files
    this.#index = index
    this.#segmentBytes = segmentBytes
  }

  /** The in-memory log ends before `index` now. */
  noteCut(index: number): void {
    this.#cutCount++
    this.#cache.cut(index)
    this.#underWay.clear()
  }

  /** From now on damage is repaired. */
  repairWith(mend: Mend): void {
    this.#mend = mend
  }

  /** Fills `into` with the records `first` to `last`, all of them on the disk. */
  async readInto(first: number, last: number, into: Uint8Array): Promise<void> {
    try {
      await this.readAsIs(first, last, into)
    } catch (error) {
      if (!isDamage(error) || this.#mend === undefined) throw error
      if (!(await this.#mend(first, last))) throw error
      await this.readAsIs(first, last, into)
    }
  }

  /** As `readInto`, and repairs nothing. */
  async readAsIs(first: number, last: number, into: Uint8Array): Promise<void> {
    const cutsBefore = this.#cutCount
    const known = this.#knownOf(first, last)
    const runs = this.#runsOf(first, last)
    try {
      let filled = 0
      for (const run of runs) {
        await this.#readRun(run, into.subarray(filled, filled + run.size))
        filled += run.size
      }
      this.#check(known, into)
    } catch (error) {
      if (this.#cutCount !== cutsBefore) {
        throw new BrokerError('CANCELLED', 'The log was cut while it was read.', { cause: error })
      }
      if (error instanceof BrokerError || error instanceof InvariantError) throw error
      throw new BrokerError('STORAGE_FAILED', 'The log could not be read.', { cause: error })
    } finally {
      for (const { file } of runs) await this.#files.unpin(file)
    }
  }

  /** One whole record that is on the disk. Not to be changed. */
  async record(index: number): Promise<Uint8Array> {
    const cached = this.#cache.get(index)
    if (cached !== undefined) return cached
    const underWay = this.#underWay.get(index)
    if (underWay !== undefined) return underWay
    const reading = this.#load(index)
    this.#underWay.set(index, reading)
    try {
      return await reading
    } finally {
      if (this.#underWay.get(index) === reading) this.#underWay.delete(index)
    }
  }

  /** One record, when it was read lately. */
  cached(index: number): Uint8Array | undefined {
    return this.#cache.get(index)
  }

  async #load(index: number): Promise<Uint8Array> {
    const cutsBefore = this.#cutCount
    const bytes = Buffer.allocUnsafe(this.#index.sizeOf(index))
    await this.readInto(index, index, bytes)
    if (this.#cutCount === cutsBefore) this.#cache.put(index, bytes)
    return bytes
  }

  #knownOf(first: number, last: number): Known[] {
    const known: Known[] = []
    for (let index = first; index <= last; index++) {
      known.push({
        index,
        position: this.#index.positionOf(index),
        chain: this.#index.headerCrcOf(index - 1),
        headerCrc: this.#index.headerCrcOf(index),
        term: this.#index.termOf(index),
      })
    }
    return known
  }

  #runsOf(first: number, last: number): Run[] {
    const runs: Run[] = []
    let start: number = this.#index.positionOf(first)
    let end = start
    for (let index = first; index <= last; index++) {
      const position = this.#index.positionOf(index)
      if (position !== end || (position % this.#segmentBytes === 0 && position !== start)) {
        runs.push(this.#runAt(start, end))
        start = position
      }
      end = this.#index.endOf(index)
    }
    runs.push(this.#runAt(start, end))
    return runs
  }

  #runAt(start: number, end: number): Run {
    const file = this.#files.pin(start) ?? broken('what is read has a segment', { start })
    return { file, position: start, size: end - start }
  }

  async #readRun(run: Run, into: Uint8Array): Promise<void> {
    const offset = run.position % this.#segmentBytes
    const bytes = await readFully(run.file, into, offset)
    if (bytes.byteLength === run.size) return
    const name = segmentPath(run.position - offset)
    const message = `${name} ends before offset ${offset + run.size}, where records stood.`
    throw new BrokerError('DATA_DAMAGED', message)
  }

  #check(known: readonly Known[], bytes: Uint8Array): void {
    let at = 0
    for (const wanted of known) {
      const check = checkRecord(bytes, at, { ...wanted, termMin: wanted.term })
      if (check.type === 'ok' && check.header.headerCrc === wanted.headerCrc) {
        at += check.header.length
        continue
      }
      const reason = check.type === 'bad' ? check.reason : 'it is not the record that was written'
      const offset = wanted.position % this.#segmentBytes
      const where = `${segmentPath(wanted.position - offset)} is damaged at offset ${offset}`
      throw new BrokerError('DATA_DAMAGED', `${where}, where index ${wanted.index} stands: ${reason}.`)
    }
  }
}

/** Whether an error says that the disk no longer holds what was written to it. */
export function isDamage(error: unknown): boolean {
  return error instanceof BrokerError && (error.code === 'DATA_DAMAGED' || hasCode(error.cause, 'EIO'))
}
