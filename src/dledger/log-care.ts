/**
 * What a log knows and does about its own soundness: whether acknowledged records may be lost, what was found
 * damaged, repair from the peers, and what peers are told that repair theirs.
 */
import { type LogIndex, logIndex, type Term } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import type { DoubtFile } from './doubt-file.ts'
import type { FailStop } from './fail-stop.ts'
import type { RecordIndex } from './log-index.ts'
import type { LogRepair, LogStoreOptions } from './log-options.ts'
import { isDamage, LogReader } from './log-reader.ts'
import type { RecoveryRepair } from './log-recovery.ts'
import { type ServedLog, serveLog } from './log-server.ts'
import type { FetchedLog, LogSource } from './log-source.ts'
import { RecordRepair } from './record-repair.ts'
import type { CheckedRecords } from './scrub.ts'
import type { LogShape, SegmentFiles } from './segment.ts'

/** The parts of an open log. */
export interface CaredLog {
  readonly files: SegmentFiles
  readonly index: RecordIndex
  readonly reader: LogReader
  readonly doubt: DoubtFile
  readonly failStop: FailStop
  readonly shape: LogShape
  /** How often recovery repaired the log. */
  readonly repaired: number
  readonly durableIndex: () => number
}

/** A member without others: its damage is found and stays. */
const NOBODY: LogSource = {
  peers: [],
  fetch: () => Promise.reject(new BrokerError('NO_LEADER', 'this member has no others')),
}

export class LogCare {
  readonly #log: CaredLog
  readonly #repair: RecordRepair
  #committedIndex: () => LogIndex

  constructor(log: CaredLog, options: LogStoreOptions, logger: Logger) {
    const known = options.committedIndex ?? logIndex(0)
    this.#log = log
    this.#committedIndex = () => known
    this.#repair = new RecordRepair({
      ...log,
      source: options.repair?.source ?? NOBODY,
      committedIndex: () => this.#committedIndex(),
      segmentBytes: log.shape.segmentBytes,
      clock: options.clock,
      logger,
      signal: options.repair?.signal ?? new AbortController().signal,
    })
    log.reader.repairWith((first, last) => this.#repair.mend(first, last))
  }

  /** Records acknowledged in terms up to this one may be lost with a damaged tail; `null` when none are. */
  get doubtTerm(): Term | null {
    return this.#log.doubt.term
  }

  /** The log holds again whatever it may have lost. Resolves when that is durable. Throws STORAGE_FAILED. */
  async endDoubt(): Promise<void> {
    try {
      await this.#log.doubt.clear()
    } catch (error) {
      throw this.#log.failStop.fail('ending the doubt about the log', error)
    }
  }

  /** From now on `read` tells what is committed: only that is repaired, and peers are told it. */
  knowCommitted(read: () => LogIndex): void {
    this.#committedIndex = read
  }

  /** Since the start: damage that was found, repairs, and records that could not be repaired so far. */
  get damage(): { readonly found: number; readonly repaired: number; readonly open: number } {
    const { repaired } = this.#log
    return {
      found: this.#repair.found + repaired,
      repaired: this.#repair.repaired + repaired,
      open: this.#repair.open,
    }
  }

  /** All that there is to check. */
  get bytes(): number {
    return this.#log.index.end - this.#log.index.base.position
  }

  /** Reads, checks and repairs what is committed: see `ScrubbedLog`. */
  async check(from: LogIndex, bytesMax: number): Promise<CheckedRecords | null> {
    const { index, reader, durableIndex } = this.#log
    const first = Math.max(from, index.base.index + 1)
    const last = Math.min(this.#committedIndex(), durableIndex())
    if (first > last) return null
    const { end, bytes } = index.fitting(first, last, bytesMax)
    try {
      await reader.readInto(first, end - 1, Buffer.allocUnsafe(bytes))
      return { next: logIndex(end), bytes, sound: true }
    } catch (error) {
      if (!isDamage(error)) throw error
      return { next: logIndex(end), bytes, sound: false }
    }
  }

  /** Answers a member that repairs its log. See `serveLog`. */
  async serve(first: LogIndex, bytesMax: number): Promise<FetchedLog> {
    this.#log.failStop.check()
    return serveLog({ ...this.#log, committedIndex: this.#committedIndex }, first, bytesMax)
  }
}

/** What recovery needs for its repairs: meanwhile peers are answered from what is sound so far. */
export function recoveryRepair(
  repair: LogRepair | undefined,
  { segmentBytes }: LogShape,
  committed: LogIndex,
): RecoveryRepair | undefined {
  if (repair === undefined) return undefined
  const { source, signal, recovering } = repair
  return {
    source,
    signal,
    begins: (files, index) => {
      const log: ServedLog = {
        index,
        reader: new LogReader(files, index, segmentBytes),
        durableIndex: () => index.lastIndex,
        committedIndex: () => committed,
      }
      recovering((first, bytesMax) => serveLog(log, first, bytesMax))
    },
  }
}
