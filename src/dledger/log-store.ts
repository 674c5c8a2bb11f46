/**
 * The log of this member on its disk, and the in-memory picture of it. The picture moves at once
 * (`prepareRecord`, `adopt`, `truncate`), the disk follows through `write`, one write in flight. Reads see
 * the picture: what the disk does not have yet is held in the tail cache.
 *
 * The first failed write or sync poisons the store: every later call rejects with STORAGE_FAILED and nothing
 * is tried again, since the page cache no longer tells what the disk holds.
 */
import { broken } from '../base/assert.ts'
import type { LogIndex, LogPosition, Term } from '../base/brand.ts'
import type { BrokerError } from '../base/errors.ts'
import type { Clock, Disk, Logger } from '../base/ports.ts'
import type { TermRun } from '../raft/types.ts'
import type { LogRecord } from './record-codec.ts'

/** How a log is opened. Sizes are given by tests only. */
export interface LogStoreOptions {
  readonly clock: Clock
  /** True on the first start of a folder: makes an empty log. False: a missing log is refused. */
  readonly create: boolean
  /** Called once, with STORAGE_FAILED, when the store is poisoned (also from its background work). */
  readonly onFailure?: (error: BrokerError) => void
  readonly segmentBytes?: number
  readonly tailCacheBytesMax?: number
  readonly writeBytesMax?: number
}

/** A cut of the in-memory log that the disk must follow. Hand it to `write` in its place, each once. */
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

/** The outcome of looking at a peer's records. Nothing was changed. */
export type Acceptance =
  | { readonly type: 'ok'; readonly records: readonly LogRecord[] }
  | { readonly type: 'refused'; readonly reason: string }

export class LogStore {
  /**
   * Recovers the log: checks every record, cuts a torn tail, makes all that stays durable.
   * Throws DATA_DAMAGED for a log that is damaged where it was durable, and STORAGE_FAILED.
   */
  static async open(_disk: Disk, _options: LogStoreOptions, _logger: Logger): Promise<LogStore> {
    return broken('not written yet')
  }

  /** The last index in memory, 0 for an empty log. */
  get lastIndex(): LogIndex {
    return broken('not written yet')
  }

  /** Where the next record would start at the earliest: the end of the last one. */
  get end(): LogPosition {
    return broken('not written yet')
  }

  get termRuns(): readonly TermRun[] {
    return broken('not written yet')
  }

  /** The whole record's size in bytes. `index` must be in the log. */
  sizeOf(_index: LogIndex): number {
    return broken('not written yet')
  }

  /** Where the record's header stands. `index` must be in the log. */
  positionOf(_index: LogIndex): LogPosition {
    return broken('not written yet')
  }

  /** 0 for index 0. */
  termOf(_index: LogIndex): Term {
    return broken('not written yet')
  }

  /**
   * Appends a record to the in-memory log, as a leader: one buffer, one copy of `body`, one CRC over it.
   * `index` is `lastIndex + 1`. The caller hands the record to `write` later.
   */
  prepareRecord(_term: Term, _index: LogIndex, _body: readonly Uint8Array[]): LogRecord {
    return broken('not written yet')
  }

  /**
   * Splits and checks records sent by a peer, which follow an entry of term `prevTerm` (0 before the first).
   * When this log holds that entry, the records must continue it exactly. When it does not, Raft refuses the
   * append by itself, or the entry is in an append before that is not adopted yet: then `adopt` checks it.
   * The records are views of `bytes`, which must not change any more. Changes nothing.
   */
  acceptRecords(_bytes: Uint8Array, _prevTerm: Term): Acceptance {
    return broken('not written yet')
  }

  /**
   * Cuts the in-memory log from `truncateFrom` on and appends accepted records to it. Returns the cut for
   * `write`. Throws DATA_DAMAGED, and changes nothing, when the records do not continue this log.
   */
  adopt(_records: readonly LogRecord[], _truncateFrom: LogIndex | null): LogCut | null {
    return broken('not written yet')
  }

  /**
   * Brings the disk up to the given changes, in order, as one write where possible. Resolves when all of it
   * is durable. Calls come one at a time and together hold every change of the in-memory log.
   */
  async write(_changes: readonly LogChange[]): Promise<void> {
    return broken('not written yet')
  }

  /**
   * The raw records `first` to `last`, one behind the other, at most `bytesMax` but at least one record.
   * Throws DATA_DAMAGED when the disk gives other bytes than were written, STORAGE_FAILED, and CANCELLED
   * when the records were cut off meanwhile.
   */
  async readRecords(_first: LogIndex, _last: LogIndex, _bytesMax: number): Promise<Uint8Array> {
    return broken('not written yet')
  }

  /** As `readRecords`, when all of it is in memory; `undefined` when the disk must be asked. */
  cachedRecords(_first: LogIndex, _last: LogIndex, _bytesMax: number): Uint8Array | undefined {
    return broken('not written yet')
  }

  /** The body of one record, checked. Errors as `readRecords`. */
  async readBody(_index: LogIndex): Promise<Uint8Array> {
    return broken('not written yet')
  }

  /** `size` bytes anywhere inside the body of one record, as message pointers name them. */
  async readBytes(_position: LogPosition, _size: number): Promise<Uint8Array> {
    return broken('not written yet')
  }

  /** As `readBytes`, when the record is in memory: a view, not to be changed. */
  cachedBytes(_position: LogPosition, _size: number): Uint8Array | undefined {
    return broken('not written yet')
  }

  /** Waits for work under way, makes the synced mark durable and closes the files. */
  async close(): Promise<void> {
    return broken('not written yet')
  }
}
