/**
 * Repair during recovery: puts records of a peer where this member's disk has none that make sense. What stood
 * there is not known, so bytes of a peer are taken only when one of these things shows that they are right:
 *
 * - the record behind them, here, continues them. Its chain is the checksum of the whole history before it.
 * - the peer knows that they are committed.
 * - the peer's log ends in the term of this member or in a later one. What was committed with this member's word
 *   is then in that log as far as it goes (docs/decisions/0014).
 *
 * In the last two cases the log may have gone on behind them here: the member is in doubt, durably, before they
 * are written.
 *
 * Nothing is cut here: what is committed and continues another record than the last one here is told instead.
 */
import type { LogIndex, NodeId, Term } from '../base/brand.ts'
import { BytesError } from '../base/bytes.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import { REPAIR_BYTES_MAX } from '../base/limits.ts'
import type { Clock, DiskFile, Logger } from '../base/ports.ts'
import { hasCode } from '../store/node-disk.ts'
import { readFully } from '../store/read-fully.ts'
import type { RecordIndex } from './log-index.ts'
import type { FetchedLog, LogSource } from './log-source.ts'
import { type LogRecord, parseHeader, RECORD_HEADER_BYTES } from './record-codec.ts'
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
  /** The term on this member's disk. */
  readonly term: Term
  /** Called before records are written that no record here continues. */
  readonly raiseDoubt: () => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
}

export class HoleFiller {
  readonly #options: HoleFillerOptions
  /** Little is asked for where the last repair was soon followed by sound records. */
  #bytesMax = FEW_BYTES
  #lastFilled = 0

  constructor(options: HoleFillerOptions) {
    this.#options = options
  }

  /** The last record that was repaired, 0 for none. */
  get lastFilled(): number {
    return this.#lastFilled
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
      let isGone = false
      for (const peer of source.peers) {
        signal.throwIfAborted()
        const fetched = await this.#fetch(peer, first)
        // It is committed there and not there any more.
        if (fetched?.records.byteLength === 0 && fetched.commitIndex >= first) isGone = true
        const filled = fetched === undefined ? undefined : await this.#take(peer, first, fetched)
        if (filled !== undefined) return filled
      }
      if (clock.mono() - saidAt >= SAY_EVERY_MS) {
        saidAt = clock.mono()
        if (isGone)
          logger.warn({ index: first }, 'the others have removed the damaged record: replace this member')
        else logger.warn({ index: first }, 'repair waits for a peer that has the record')
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
    const joining = await this.#joining(accepted.records)
    const records = joining ?? this.#backed(accepted.records, fetched)
    this.#bytesMax = joining === undefined ? REPAIR_BYTES_MAX : FEW_BYTES
    if (joining === undefined && records.length === 0) return undefined
    if (joining === undefined) await this.#options.raiseDoubt()
    // The segment of the last sound record ends with it when the next one stands in another.
    if (accepted.records[0]?.position !== index.end) await this.#options.files.trim(index.end)
    await this.#write(records)
    this.#lastFilled = records.at(-1)?.index ?? this.#lastFilled
    logger.info({ peer, firstIndex: first, count: records.length }, 'log repaired')
    return 'filled'
  }

  /** The records up to where the log here goes on: one stands here as it is, or is continued here. */
  async #joining(records: readonly LogRecord[]): Promise<readonly LogRecord[] | undefined> {
    for (const [at, record] of records.entries()) {
      if (await this.#isHere(record)) return records.slice(0, at)
      if (await this.#goesOn(record)) return records.slice(0, at + 1)
    }
    return undefined
  }

  /** The records that the peer's word makes right. */
  #backed(records: readonly LogRecord[], { commitIndex, lastTerm }: FetchedLog): readonly LogRecord[] {
    if (lastTerm > 0 && lastTerm >= this.#options.term) return records
    return records.filter((record) => record.index <= commitIndex)
  }

  async #isHere({ position, size, bytes }: LogRecord): Promise<boolean> {
    const { files, shape } = this.#options
    const file = files.at(position)
    if (file === undefined) return false
    const found = await bytesAt(file, position % shape.segmentBytes, size)
    return found !== undefined && Buffer.compare(found, bytes) === 0
  }

  /** Does the disk hold a record that continues this one? */
  async #goesOn(record: LogRecord): Promise<boolean> {
    const { segmentBytes } = this.#options.shape
    const end = record.position + record.size
    const next = segmentStart(end, segmentBytes) + segmentBytes
    for (const position of [end, next]) {
      const file = this.#options.files.at(position)
      if (file === undefined) continue
      const bytes = await bytesAt(file, position % segmentBytes, RECORD_HEADER_BYTES)
      const parsed = bytes === undefined ? undefined : parseHeader(bytes)
      if (parsed?.type !== 'ok' || parsed.header.position !== position) continue
      if (parsed.header.index === record.index + 1 && parsed.header.chain === record.headerCrc) return true
    }
    return false
  }

  async #write(records: readonly LogRecord[]): Promise<void> {
    const { files } = this.#options
    for (let at = 0; at < records.length; ) {
      const start = records[at]?.position ?? 0
      const run = runFrom(records, at, this.#options.shape)
      await files.mend(Buffer.concat(run.map((record) => record.bytes)), start)
      at += run.length
    }
  }
}

/** `undefined` when they are not all there or cannot be read. */
async function bytesAt(file: DiskFile, offset: number, size: number): Promise<Uint8Array | undefined> {
  try {
    const bytes = await readFully(file, new Uint8Array(size), offset)
    return bytes.byteLength === size ? bytes : undefined
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
