/**
 * The log of this member on its disk, and the in-memory picture of it. The picture moves at once
 * (`prepareRecord`, `adopt`), the disk follows through `write`, one write in flight. Reads see the picture:
 * what the disk does not have yet is held in the tail cache.
 *
 * The first failed write or sync poisons the store: every later call fails with STORAGE_FAILED and nothing
 * is tried again, since the page cache no longer tells what the disk holds.
 */
import { assert } from '../base/assert.ts'
import { type LogIndex, type LogPosition, logIndex, logPosition, type Term, term } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import { TAIL_CACHE_BYTES_MAX } from '../base/limits.ts'
import type { Disk, Logger } from '../base/ports.ts'
import type { Configuration, ConfigurationAt, EntryMark, TermRun } from '../raft/types.ts'
import { DoubtFile } from './doubt-file.ts'
import { FailStop } from './fail-stop.ts'
import { DiskLog, type LogChange, type LogCut, mergeChanges } from './disk-log.ts'
import { readLogBase } from './log-base.ts'
import type { RecordIndex } from './log-index.ts'
import {
  checkReach,
  checkSegmentBytes,
  type LogStoreOptions,
  refuseExisting,
  shapeOf,
} from './log-options.ts'
import { checkContinues } from './continuity.ts'
import { LogCare, recoveryRepair } from './log-care.ts'
import { LogReader } from './log-reader.ts'
import { LogStart } from './log-start.ts'
import { recoverLog } from './log-recovery.ts'
import { encodeHeader, type LogRecord, RECORD_HEADER_BYTES, RECORD_KIND } from './record-codec.ts'
import { type Acceptance, splitRecords } from './record-run.ts'
import { type LogShape, placeRecord, type SegmentFiles } from './segment.ts'
import { SegmentIndexer } from './segment-indexer.ts'
import { SyncedMark } from './synced-mark.ts'
import { TailCache } from './tail-cache.ts'

export type { LogChange, LogCut } from './disk-log.ts'
export type { LogRepair, LogStoreOptions } from './log-options.ts'
export type { Acceptance } from './record-run.ts'

const NO_COMMANDS = new Uint8Array(0)

/** What opening a log gives. */
interface OpenedLog {
  readonly disk: Disk
  readonly index: RecordIndex
  readonly files: SegmentFiles
  readonly diskLog: DiskLog
  readonly shape: LogShape
  readonly failStop: FailStop
  readonly doubt: DoubtFile
  readonly repaired: number
}

export class LogStore {
  readonly #index: RecordIndex
  readonly #diskLog: DiskLog
  readonly #reader: LogReader
  readonly #cache: TailCache
  readonly #failStop: FailStop
  readonly #shape: LogShape
  /** Cuts of the picture that the disk has not followed yet, oldest first. */
  readonly #cuts: LogCut[] = []
  /** Where the log begins. */
  readonly start: LogStart
  /** Index files, for the next start. */
  readonly indexer: SegmentIndexer
  /** Doubt, damage and repair. */
  readonly care: LogCare
  #writing: Promise<void> | undefined

  private constructor(opened: OpenedLog, options: LogStoreOptions, logger: Logger) {
    const { index, diskLog, files, shape, failStop } = opened
    this.#index = index
    this.#diskLog = diskLog
    this.#reader = new LogReader(files, index, shape.segmentBytes)
    this.#failStop = failStop
    this.#cache = new TailCache(options.tailCacheBytesMax ?? TAIL_CACHE_BYTES_MAX)
    this.#shape = shape
    this.start = new LogStart({ ...opened, durableEnd: () => this.#safeEnd() })
    this.indexer = new SegmentIndexer({ ...opened, segmentBytes: shape.segmentBytes, logger })
    const durableIndex = (): number => this.#durableIndex()
    this.care = new LogCare({ ...opened, reader: this.#reader, durableIndex }, options, logger)
  }

  /**
   * Recovers the log: checks every record, cuts a torn tail, repairs what else is damaged, makes all that stays
   * durable. Throws DATA_DAMAGED for a log that is damaged where it was durable or missing, FOLDER_REFUSED when
   * `create` finds a log, CONFIG_INVALID for sizes that do not fit, and STORAGE_FAILED.
   */
  static async open(disk: Disk, options: LogStoreOptions, logger: Logger): Promise<LogStore> {
    const shape = shapeOf(options)
    const failStop = new FailStop('the log', options.onFailure)
    try {
      if (options.create) await refuseExisting(disk)
      const mark = options.create
        ? await SyncedMark.create(disk, options.clock, failStop, shape.segmentBytes)
        : await SyncedMark.open(disk, options.clock, failStop)
      checkSegmentBytes(mark.segmentBytes, shape.segmentBytes)
      const base = await readLogBase(disk)
      checkReach(base, options.committedIndex)
      // The mark may be older: whoever wrote the base knew that everything up to there was durable.
      if (mark.position < base.position) await mark.set(base.position)
      const current = options.term ?? term(0)
      const committedIndex = options.committedIndex ?? logIndex(0)
      const doubt = await DoubtFile.open(disk, current)
      const repair = recoveryRepair(options.repair, shape, committedIndex)
      const { clock } = options
      const recovery = {
        disk,
        shape,
        clock,
        logger,
        base,
        mark,
        doubt,
        term: current,
        committedIndex,
        repair,
      }
      const { files, index, repaired } = await recoverLog(recovery)
      await mark.set(index.end)
      const { lastIndex, end } = index
      logger.info({ lastIndex, end, segments: files.count, repaired, doubt: doubt.term }, 'log recovered')
      const diskLog = new DiskLog(files, mark, end, shape)
      return new LogStore({ disk, index, files, diskLog, shape, failStop, doubt, repaired }, options, logger)
    } catch (error) {
      if (error instanceof BrokerError) throw error
      throw failStop.fail('opening it', error)
    }
  }

  /** The last index in memory, 0 for an empty log. */
  get lastIndex(): LogIndex {
    return this.#index.lastIndex
  }

  /** The end of the last record in memory. */
  get end(): LogPosition {
    return this.#index.end
  }

  /** The record before the first one that is kept. */
  get base(): EntryMark {
    const { index, term: baseTerm } = this.#index.base
    return { index, term: baseTerm }
  }

  /** The runs of terms in memory, oldest first. A live list: copy it to keep it. */
  get termRuns(): readonly TermRun[] {
    return this.#index.termRuns
  }

  /**
   * The configurations in memory, oldest first, the one at the base of the log included unless it is the one that the
   * group began with. A live list: copy it to keep it.
   */
  get configurations(): readonly ConfigurationAt[] {
    return this.#index.configurations
  }

  /** Does the record hold a configuration instead of commands? `index` must be in the log. */
  isConfiguration(index: LogIndex): boolean {
    return this.#index.isConfiguration(index)
  }

  /** The whole record's size in bytes. `index` must be in the log. */
  sizeOf(index: LogIndex): number {
    return this.#index.sizeOf(index)
  }

  /** Where the record's header stands. `index` must be in the log. */
  positionOf(index: LogIndex): LogPosition {
    return this.#index.positionOf(index)
  }

  /** 0 for index 0. `index` must not be behind the log. */
  termOf(index: LogIndex): Term {
    return this.#index.termOf(index)
  }

  /**
   * Appends a record to the in-memory log, as a leader: one buffer, one copy of `body`, one CRC over it.
   * `index` is `lastIndex + 1`. The caller hands its bytes to `write` later. `configuration` is what the body holds
   * when that is not commands.
   */
  prepareRecord(
    term: Term,
    index: LogIndex,
    body: readonly Uint8Array[],
    configuration?: Configuration,
  ): LogRecord {
    this.#failStop.check()
    assert(index === this.#index.lastIndex + 1, 'records are prepared in order', { index })
    let size = RECORD_HEADER_BYTES
    for (const chunk of body) size += chunk.byteLength
    assert(size <= this.#shape.recordBytesMax, 'a record has a limit', { size })
    const bytes = Buffer.allocUnsafe(size)
    let at = RECORD_HEADER_BYTES
    for (const chunk of body) {
      bytes.set(chunk, at)
      at += chunk.byteLength
    }
    const position = logPosition(placeRecord(this.#index.end, size, this.#shape.segmentBytes))
    const chain = this.#index.lastCrc
    const kind = configuration === undefined ? RECORD_KIND.commands : RECORD_KIND.configuration
    const headerCrc = encodeHeader(bytes, { term, index, position, chain, kind })
    const plain: LogRecord = { index, term, position, size, headerCrc, chain, bytes }
    const record = configuration === undefined ? plain : { ...plain, configuration }
    this.#append(record)
    return record
  }

  /**
   * Splits and checks records sent by a peer, which follow an entry of term `prevTerm` (0 before the first).
   * When this log holds that entry, the records must continue it exactly. When it does not, Raft refuses the
   * append by itself, or the entry is in an append before that is not adopted yet: then `adopt` checks it.
   * The records are views of `bytes`, which must not change any more. Changes nothing.
   */
  acceptRecords(bytes: Uint8Array, prevTerm: Term): Acceptance {
    return splitRecords(bytes, prevTerm, this.#shape, (firstIndex) => {
      const index = firstIndex - 1
      if (index < this.#index.base.index || index > this.#index.lastIndex) return undefined
      if (this.#index.termOf(index) !== prevTerm) return undefined
      return { index, end: this.#index.endOf(index), chain: this.#index.headerCrcOf(index), term: prevTerm }
    })
  }

  /**
   * Cuts the in-memory log from `truncateFrom` on (`null`: no cut) and appends accepted records to it. Returns
   * the cut for `write`. Throws DATA_DAMAGED, and changes nothing, when the records do not continue this log.
   */
  adopt(records: readonly LogRecord[], truncateFrom: LogIndex | null): LogCut | null {
    this.#failStop.check()
    const keep = truncateFrom === null ? this.#index.lastIndex : truncateFrom - 1
    const { base, lastIndex } = this.#index
    assert(keep >= base.index && keep <= lastIndex, 'a cut is inside the log', { truncateFrom })
    checkContinues(this.#index, keep, records, this.#shape.segmentBytes)
    const cut = truncateFrom === null ? null : this.#cut(truncateFrom)
    for (const record of records) this.#append(record)
    return cut
  }

  /**
   * Brings the disk up to changes of the in-memory log, in order. Resolves when all are durable, cuts before
   * what stands behind them. Calls come one at a time and together hold every change, each once. All changes
   * of one call cost one write and one fdatasync (one more for each WRITE_BYTES_MAX and each new segment, and
   * a few for a cut).
   */
  async write(changes: readonly LogChange[]): Promise<void> {
    this.#failStop.check()
    assert(this.#writing === undefined, 'one write is under way at a time')
    this.#writing = this.#execute(changes)
    try {
      await this.#writing
    } catch (error) {
      throw this.#failStop.fail('a write', error)
    } finally {
      this.#writing = undefined
    }
    this.#cache.shrink(this.#safeEnd())
  }

  /**
   * The raw records `first` to `last`, one behind the other, as many as fit `bytesMax` but at least one.
   * Throws DATA_DAMAGED when the disk gives other bytes than were written, STORAGE_FAILED when it gives
   * none, and CANCELLED when the log was cut meanwhile.
   */
  async readRecords(first: LogIndex, last: LogIndex, bytesMax: number): Promise<Uint8Array> {
    this.#failStop.check()
    const cached = this.cachedRecords(first, last, bytesMax)
    if (cached !== undefined) return cached
    if (first <= this.#index.base.index) throw this.start.gone(`index ${first}`)
    const { end, bytes: size } = this.#index.fitting(first, last, bytesMax)
    const bytes = Buffer.allocUnsafe(size)
    const cachedFirst = Math.min(this.#cache.firstIndex ?? end, end)
    const onDisk = this.#index.endOf(cachedFirst - 1)
    assert(onDisk <= this.#safeEnd(), 'what is not cached is on the disk', { onDisk })
    const split = this.#copyCached(cachedFirst, end, bytes)
    await this.#reader.readInto(first, cachedFirst - 1, bytes.subarray(0, split))
    return bytes
  }

  /** As `readRecords`, when all of it is in memory; `undefined` when the disk must be asked. */
  cachedRecords(first: LogIndex, last: LogIndex, bytesMax: number): Uint8Array | undefined {
    const record = first > this.#index.base.index ? this.#cache.get(first) : undefined
    if (record === undefined) return undefined
    const { end, bytes: size } = this.#index.fitting(first, last, bytesMax)
    if (end === first + 1) return record.bytes
    const bytes = Buffer.allocUnsafe(size)
    const start = this.#copyCached(first, end, bytes)
    assert(start === 0, 'the records fill their buffer')
    return bytes
  }

  /** The commands in one record, checked; none in that of a configuration. Errors as `readRecords`. */
  async readBody(index: LogIndex): Promise<Uint8Array> {
    if (this.isConfiguration(index)) return NO_COMMANDS
    return (await this.readRecords(index, index, 0)).subarray(RECORD_HEADER_BYTES)
  }

  /**
   * `size` bytes anywhere inside one record, as message pointers name them: a view, not to be changed. The
   * whole record is read and checked. Errors as `readRecords`.
   */
  async readBytes(position: LogPosition, size: number): Promise<Uint8Array> {
    this.#failStop.check()
    const cached = this.cachedBytes(position, size)
    if (cached !== undefined) return cached
    if (position < this.#index.base.position) throw this.start.gone(`position ${position}`)
    const index = this.#index.indexAt(position)
    assert(index !== undefined, 'what is read is in the log', { position, end: this.#index.end })
    const start = this.#index.positionOf(index)
    const end = this.#index.endOf(index)
    assert(position + size <= end, 'what is read is inside one record', { position, size, end })
    assert(end <= this.#safeEnd(), 'what is not cached is on the disk', { end })
    const record = await this.#reader.record(index)
    return record.subarray(position - start, position - start + size)
  }

  /** As `readBytes`, when the record is in memory. */
  cachedBytes(position: LogPosition, size: number): Uint8Array | undefined {
    const newest = this.#cache.bytesAt(position, size)
    if (newest !== undefined) return newest
    const index = this.#index.indexAt(position)
    const record = index === undefined ? undefined : this.#reader.cached(index)
    if (index === undefined || record === undefined) return undefined
    const at = position - this.#index.positionOf(index)
    return at + size <= record.byteLength ? record.subarray(at, at + size) : undefined
  }

  /** Waits for the write under way, makes the synced mark durable and closes the files. */
  async close(): Promise<void> {
    await this.#writing?.catch(() => undefined)
    await this.indexer.drained()
    try {
      await this.#diskLog.close()
    } catch (error) {
      throw this.#failStop.fail('closing it', error)
    }
  }

  #append(record: LogRecord): void {
    const { term: ofTerm, position, size, headerCrc, configuration } = record
    this.#index.append(ofTerm, position, size, headerCrc, configuration)
    this.#cache.push(record)
  }

  #cut(truncateFrom: LogIndex): LogCut {
    const cut = { index: truncateFrom, position: this.#index.endOf(truncateFrom - 1) }
    this.#index.cut(truncateFrom)
    this.#cache.cut(truncateFrom)
    this.#reader.noteCut(truncateFrom)
    this.#cuts.push(cut)
    return cut
  }

  async #execute(changes: readonly LogChange[]): Promise<void> {
    const { cutAt, records } = mergeChanges(changes)
    const cutting = cutAt !== null && cutAt < this.#diskLog.end ? this.#diskLog.cut(cutAt) : undefined
    for (const change of changes) {
      if (change.cut !== null) assert(change.cut === this.#cuts.shift(), 'each cut is written once, in order')
    }
    await cutting
    await this.#diskLog.append(records)
  }

  /** Below this the disk holds what the picture says. */
  #safeEnd(): number {
    let end: number = this.#diskLog.end
    for (const cut of this.#cuts) end = Math.min(end, cut.position)
    return end
  }

  #durableIndex(): number {
    const end = this.#safeEnd()
    return end === 0 ? 0 : (this.#index.indexAt(end - 1) ?? 0)
  }

  /** Copies cached records [first, end) to the end of `into`. Returns where they start in it. */
  #copyCached(first: number, end: number, into: Uint8Array): number {
    let at = into.byteLength
    for (let i = end - 1; i >= first; i--) {
      const record = this.#cache.get(i)
      assert(record !== undefined, 'the cache has no gap', { index: i })
      at -= record.size
      into.set(record.bytes, at)
    }
    return at
  }
}
