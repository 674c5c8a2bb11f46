/**
 * The tables of the ledger machine. They stand beside the broker's under the same first byte, so that rows of
 * both are one set: loaded, snapshotted and digested together.
 *
 *   table             rest of the key                       one row for
 *    64 ledger meta                                         all ledgers together
 *    65 ledger        u32 ledger id                         each ledger
 *    66 ledger page   u32 ledger id, u64 first index        up to 256 pointers
 *    67 ledger key    u64 page number                       128 remembered idempotency keys
 */
import { Writer } from '../../base/bytes.ts'
import { startKey } from '../../broker/machine/tables.ts'

export const TABLE_LEDGER_META = 64
export const TABLE_LEDGER = 65
export const TABLE_LEDGER_PAGE = 66
export const TABLE_LEDGER_KEY = 67

/** The key of a page of pointers. */
export function ledgerPageKey(ledgerId: number, firstIndex: number): Uint8Array {
  return startKey(new Writer(14), TABLE_LEDGER_PAGE).uint32(ledgerId).uint64(firstIndex).done()
}
