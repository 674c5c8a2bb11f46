/**
 * Repair during recovery: puts records of a peer where this member's disk has none that make sense. What stood
 * there is not known, so bytes of a peer are taken only when one of two things shows that they are right:
 *
 * - the record behind them, here, continues them. Its chain is the checksum of the whole history before it.
 * - the peer knows that they are committed.
 *
 * Nothing is cut here: what is committed and continues another record than the last one here is told instead.
 */
import type { LogIndex, NodeId } from '../base/brand.ts'
import { BytesError } from '../base/bytes.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import { REPAIR_BYTES_MAX } from '../base/limits.ts'
import type { Clock, DiskFile, Logger } from '../base/ports.ts'
import { hasCode } from '../store/node-disk.ts'
import { readFully } from '../store/read-fully.ts'
import type { RecordIndex } from './log-index.ts'
import type { FetchedLog, LogSource } from './log-source.ts'
import { type LogRecord, parseHeader, RECORD_HEADER_BYTES, type RecordHeader } from './record-codec.ts'
import { splitRecords } from './record-run.ts'
import { type LogShape, type SegmentFiles, segmentStart } from './segment.ts'

const PAUSE_MS = 200
const FEW_BYTES = 64 * 1024
/** How often it is said that the member waits. */
const SAY_EVERY_MS = 10_000

/** `otherHistory`: the committed log has another record before the hole than this member. */
export type Filled = 'filled' | 'otherHistory'

export interface HoleFillerOptions {
  readonly files: SegmentFiles
  /** What is sound so far; the hole begins behind it. */
  readonly index: RecordIndex
  readonly shape: LogShape
  readonly source: LogSource
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
}

export class HoleFiller {
  readonly #options: HoleFillerOptions
  /** Little is asked for where the last repair was soon followed by sound records. */
  #bytesMax = FEW_BYTES

  constructor(options: HoleFillerOptions) {
    this.#options = options
  }

  /**
   * Repairs one record or more behind the last sound one, durably, asking all peers in turn for as long as it
   * takes. Rejects when the signal aborts or the disk fails.
   */
  async fill(): Promise<Filled> {
    const { source, clock, logger, signal, index } = this.#options
    const first = (index.lastIndex + 1) as LogIndex
    let saidAt = clock.mono()
    for (;;) {
      for (const peer of source.peers) {
        signal.throwIfAborted()
        const fetched = await this.#fetch(peer, first)
        const filled = fetched === undefined ? undefined : await this.#take(peer, first, fetched)
        if (filled !== undefined) return filled
      }
      if (clock.mono() - saidAt >= SAY_EVERY_MS) {
        saidAt = clock.mono()
        logger.warn({ index: first }, 'repair waits for a peer that has the record')
      }
      await clock.sleep(PAUSE_MS, signal)
    }
  }

  async #fetch(peer: NodeId, first: LogIndex): Promise<FetchedLog | undefined> {
    try {
      return await this.#options.source.fetch(peer, first, this.#bytesMax)
    } catch (error) {
      if (!(error instanceof BrokerError || error instanceof BytesError)) throw error
      this.#options.logger.debug({ peer, index: first, error: messageOf(error) }, 'repair was not answered')
      return undefined
    }
  }

  async #take(peer: NodeId, first: LogIndex, fetched: FetchedLog): Promise<Filled | undefined> {
    const { index, shape, logger } = this.#options
    const before = {
      index: index.lastIndex,
      end: index.end,
      chain: index.lastCrc,
      term: index.termOf(index.lastIndex),
    }
    const accepted = splitRecords(fetched.records, before.term, shape, () => before)
    if (accepted.type === 'refused') {
      const alone = splitRecords(fetched.records, before.term, shape, () => undefined)
      const head = alone.type === 'ok' ? alone.records[0] : undefined
      const isOther = head?.index === first && head.chain !== before.chain && first <= fetched.commitIndex
      if (!isOther) logger.warn({ peer, index: first, reason: accepted.reason }, 'repair was refused')
      return isOther ? 'otherHistory' : undefined
    }
    const count = await this.#provenCount(accepted.records, fetched.commitIndex)
    const records = accepted.records.slice(0, count)
    const last = records.at(-1)
    this.#bytesMax = count < accepted.records.length ? FEW_BYTES : REPAIR_BYTES_MAX
    if (last === undefined) return undefined
    await this.#write(records)
    logger.info({ peer, firstIndex: first, lastIndex: last.index }, 'log repaired')
    return 'filled'
  }

  /** How many of the records are known to be right: no more than it takes until the log here goes on. */
  async #provenCount(records: readonly LogRecord[], commitIndex: LogIndex): Promise<number> {
    for (const [at, record] of records.entries()) if (await this.#goesOn(record)) return at + 1
    return records.filter((record) => record.index <= commitIndex).length
  }

  /** Does the disk hold a record that continues this one? */
  async #goesOn(record: LogRecord): Promise<boolean> {
    const { segmentBytes } = this.#options.shape
    const end = record.position + record.size
    const next = segmentStart(end, segmentBytes) + segmentBytes
    for (const position of [end, next]) {
      const file = this.#options.files.at(position)
      if (file === undefined) continue
      const header = await headerAt(file, position % segmentBytes)
      if (header === undefined || header.position !== position) continue
      if (header.index === record.index + 1 && header.chain === record.headerCrc) return true
    }
    return false
  }

  async #write(records: readonly LogRecord[]): Promise<void> {
    const { files, index } = this.#options
    const [first] = records
    // The last segment before the hole ends with its last record, whatever the disk made of what is behind it.
    if (first !== undefined && first.position !== index.end) await files.trim(index.end)
    for (let at = 0; at < records.length; ) {
      const start = records[at]?.position ?? 0
      const run = runFrom(records, at, this.#options.shape)
      await files.mend(Buffer.concat(run.map((record) => record.bytes)), start)
      at += run.length
    }
  }
}

async function headerAt(file: DiskFile, offset: number): Promise<RecordHeader | undefined> {
  try {
    const parsed = parseHeader(await readFully(file, new Uint8Array(RECORD_HEADER_BYTES), offset))
    return parsed.type === 'ok' ? parsed.header : undefined
  } catch (error) {
    if (hasCode(error, 'EIO')) return undefined
    throw error
  }
}

/** The records from `at` on that stand in one segment. */
function runFrom(records: readonly LogRecord[], at: number, { segmentBytes }: LogShape): LogRecord[] {
  const run = [records[at] as LogRecord]
  for (const record of records.slice(at + 1)) {
    const before = run.at(-1) as LogRecord
    if (record.position % segmentBytes === 0 || record.position !== before.position + before.size) break
    run.push(record)
  }
  return run
}
