/**
 * What the service may read of the ledger machine. Read-only and synchronous; the objects are the machine's own
 * and must not be changed or kept across an `await`.
 */
import type { LedgerIndex, Millis } from '../../base/brand.ts'
import type { LedgerId, Retention } from './commands.ts'

export interface LedgerView {
  readonly id: LedgerId
  readonly name: string
  readonly retention: Retention
  readonly createdAt: Millis
  /** The oldest entry that is there. Equal to `nextIndex` when none is. */
  readonly firstIndex: LedgerIndex
  /** The index that the next entry gets. */
  readonly nextIndex: LedgerIndex
  readonly entries: number
  readonly bytes: number
  readonly lastStampMs: Millis
}

/** Pointers that stand together. */
export interface LedgerPageView {
  readonly firstIndex: LedgerIndex
  readonly endIndex: LedgerIndex
  /** The key of the row that holds the pointers. */
  readonly key: Uint8Array
  /** The pointers while they are in memory (`pointerAt`). */
  readonly pointers: Uint8Array | undefined
}

export interface LedgersView {
  ledger(name: string): LedgerView | undefined
  ledgerById(id: LedgerId): LedgerView | undefined
  ledgers(): Iterable<LedgerView>
  /** The page that holds an index; `undefined` when the ledger does not hold it. */
  pageAt(id: LedgerId, index: number): LedgerPageView | undefined
  /** The first page with an entry that was appended at or after a log time; `undefined` without one. */
  pageAtTime(id: LedgerId, timeMs: number): LedgerPageView | undefined
  /** Whether entries are over by age at this log time. */
  isExpiryDue(now: Millis): boolean
}
