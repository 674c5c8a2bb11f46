/**
 * Reading the log back at a start. Every record is checked from the first to the last: header and body CRC,
 * chain, index, position, term. Full segments that were applied to the end are taken from their index files.
 *
 * What is wrong at position P is cut as the torn tail of a write that was under way when all of this holds:
 *
 * 1. P is at or above the synced mark: below it everything was durable.
 * 2. P is in the last segment: a segment is durable before the next one is made.
 * 3. No more than one write's bytes follow P: a write begins only after the one before it was durable, so
 *    whatever stands further behind P shows that P was durable.
 *
 * It may be rot of the last write nevertheless. So the doubt is made durable first, and this member gives no
 * vote of its own weight before it holds again what it may have lost (doubt-file.ts, raft/doubt.ts).
 *
 * Everything else that is wrong was durable once and is never cut: it is repaired from a peer, for as long as
 * that takes, and refused with DATA_DAMAGED where there are no peers. The same holds for a log that ends below
 * the mark or below what the tables know. One exception: where the committed log has another record before the
 * hole, what is from there on here was never committed, and goes.
 *
 * What stays above the mark is written once more and synced before it counts as durable: a process that died
 * of a failed fsync leaves pages behind that look written, are clean, and are not on the disk.
 */
import { broken } from '../base/assert.ts'
import type { LogIndex, Term } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Clock, Disk, DiskFile, Logger } from '../base/ports.ts'
import { readFully } from '../store/read-fully.ts'
import type { DoubtFile } from './doubt-file.ts'
import { HoleFiller } from './hole-filler.ts'
import { RecordIndex } from './log-index.ts'
import type { LogBase } from './log-base.ts'
import { LogScan, type ScanFault } from './log-scan.ts'
import type { LogSource } from './log-source.ts'
import { readSegmentIndex } from './segment-index.ts'
import { LOG_FOLDER, type LogShape, SegmentFiles, segmentPath, segmentStart } from './segment.ts'
import type { SyncedMark } from './synced-mark.ts'

/** How much is copied at once. */
const COPY_BYTES = 4 * 1024 * 1024

/** What recovery gives. All records of `index` are durable. */
export interface RecoveredLog {
  readonly files: SegmentFiles
  readonly index: RecordIndex
  /** Records that were repaired from a peer. */
  readonly repaired: number
}

/** Where damage is repaired from while the log is recovered. */
export interface RecoveryRepair {
  readonly source: LogSource
  /** Ends the waiting for a peer. */
  readonly signal: AbortSignal
  /** Called before the first repair, with what is sound so far: peers may be damaged elsewhere and ask. */
  readonly begins: (files: SegmentFiles, index: RecordIndex) => void
}

export interface RecoveryOptions {
  readonly disk: Disk
  readonly shape: LogShape
  readonly clock: Clock
  readonly logger: Logger
  /** Where the log begins. */
  readonly base: LogBase
  /** Rule: at or above the base. */
  readonly mark: SyncedMark
  readonly doubt: DoubtFile
  /** The term on this member's disk. */
  readonly term: Term
  /** Everything up to here is committed, as the tables know. */
  readonly committedIndex: LogIndex
  /** `undefined`: damage is refused. */
  readonly repair: RecoveryRepair | undefined
}

/** Recovers the log. Throws DATA_DAMAGED, or what the disk throws. */
export async function recoverLog(options: RecoveryOptions): Promise<RecoveredLog> {
  const files = await SegmentFiles.open(options.disk, options.shape, options.base.position)
  const recovery = new Recovery(options, files)
  try {
    return await recovery.run()
  } catch (error) {
    await files.close()
    throw error
  }
}

class Recovery {
  readonly #options: RecoveryOptions
  readonly #files: SegmentFiles
  readonly #index: RecordIndex
  readonly #scan: LogScan
  #filler: HoleFiller | undefined
  #repaired = 0
  readonly #wasInDoubt: boolean

  constructor(options: RecoveryOptions, files: SegmentFiles) {
    this.#options = options
    this.#files = files
    this.#index = new RecordIndex(options.shape.segmentBytes, options.base)
    const known = (start: number): ReturnType<typeof readSegmentIndex> =>
      readSegmentIndex(options.disk, start)
    this.#scan = new LogScan(files, this.#index, options.shape, known)
    this.#wasInDoubt = options.doubt.term !== null
  }

  async run(): Promise<RecoveredLog> {
    const { disk, mark, shape } = this.#options
    for (;;) {
      const fault = await this.#nextFault()
      if (fault === undefined) {
        await this.#settleDoubt()
        break
      }
      if ((await this.#damageOf(fault)) === undefined) {
        await this.#cut(fault, 'torn tail of the log cut')
        break
      }
      if ((await this.#repair(fault)) === 'filled') continue
      await this.#cut(fault, 'damaged log cut where the committed log is another one')
      break
    }
    await this.#files.truncate(this.#index.end)
    await writeAgain(this.#files, mark.position, this.#index.end, shape.segmentBytes)
    await disk.syncFolder(LOG_FOLDER)
    return { files: this.#files, index: this.#index, repaired: this.#repaired }
  }

  /** A doubt of this recovery is over when the log ends with records of its own, whatever was repaired before. */
  async #settleDoubt(): Promise<void> {
    const isOwnEnd = this.#index.lastIndex > (this.#filler?.lastFilled ?? 0)
    if (isOwnEnd && !this.#wasInDoubt) await this.#options.doubt.clear()
  }

  /** The next thing that is wrong: with the records, or that the log is too short. */
  async #nextFault(): Promise<ScanFault | undefined> {
    const fault = await this.#scan.toFault()
    if (fault !== undefined) return fault
    const { mark, committedIndex } = this.#options
    const { end, lastIndex } = this.#index
    const isShort = end < mark.position || lastIndex < committedIndex
    return isShort ? { position: end, reason: 'the log ends there' } : undefined
  }

  /** Why the fault cannot be the torn tail of the last write; `undefined` when it can. */
  async #damageOf({ position }: ScanFault): Promise<string | undefined> {
    const { mark, shape, committedIndex } = this.#options
    if (position < mark.position) return `the log was durable up to position ${mark.position}`
    if (this.#index.lastIndex < committedIndex) return `the tables know index ${committedIndex}`
    const segment = Math.floor(position / shape.segmentBytes)
    if (segment < this.#files.count - 1) return 'a later segment follows'
    const size = (await this.#files.at(position)?.size()) ?? 0
    const behind = size - (position % shape.segmentBytes)
    if (behind > shape.writeBytesMax) return `the ${behind} bytes behind it are more than one write`
    return undefined
  }

  async #repair(fault: ScanFault): Promise<'filled' | 'otherHistory'> {
    const { repair, logger } = this.#options
    const damage = await this.#damageOf(fault)
    const facts = { ...this.#factsOf(fault), damage }
    if (repair === undefined || repair.source.peers.length === 0) {
      const { file, offset, index, reason } = facts
      const what = `${file} is damaged at offset ${offset}, where index ${index} should stand: ${reason}`
      throw new BrokerError('DATA_DAMAGED', `${what}; ${damage}.`)
    }
    logger.warn(facts, 'record damaged')
    if (this.#filler === undefined) {
      repair.begins(this.#files, this.#index)
      this.#filler = new HoleFiller({
        ...this.#options,
        files: this.#files,
        index: this.#index,
        source: repair.source,
        signal: repair.signal,
        raiseDoubt: () => this.#options.doubt.raise(this.#options.term),
      })
    }
    const filled = await this.#filler.fill()
    if (filled === 'filled') this.#repaired++
    return filled
  }

  /** Makes known, durably, that records may be lost; the caller shortens the files then. */
  async #cut(fault: ScanFault, phrase: string): Promise<void> {
    const { doubt, mark, logger, term } = this.#options
    await doubt.raise(term)
    if (this.#index.end < mark.position) await mark.set(this.#index.end)
    logger.warn(this.#factsOf(fault), phrase)
  }

  #factsOf({ position, reason }: ScanFault): {
    readonly file: string
    readonly offset: number
    readonly index: number
    readonly reason: string
  } {
    const { segmentBytes } = this.#options.shape
    return {
      file: segmentPath(segmentStart(position, segmentBytes)),
      offset: position % segmentBytes,
      index: this.#index.lastIndex + 1,
      reason,
    }
  }
}

/** Writes what stands in [start, end) once more over itself and syncs it. The last segment is synced anyway. */
async function writeAgain(
  files: SegmentFiles,
  start: number,
  end: number,
  segmentBytes: number,
): Promise<void> {
  const buffer = new Uint8Array(Math.min(COPY_BYTES, Math.max(0, end - start)))
  let at = start
  while (at < end) {
    const file = fileAt(files, at)
    const size = await file.size()
    for (let offset = at % segmentBytes; offset < size; ) {
      const bytes = await readFully(file, buffer.subarray(0, size - offset), offset)
      if (bytes.byteLength === 0) break
      await file.write([bytes], offset)
      offset += bytes.byteLength
    }
    await file.sync()
    at += segmentBytes - (at % segmentBytes)
  }
  if (start >= end) await files.at(end - 1)?.sync()
}

function fileAt(files: SegmentFiles, position: number): DiskFile {
  return files.at(position) ?? broken('a recovered log has all its segments', { position })
}
