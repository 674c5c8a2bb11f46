/**
 * Rebuilds the ledgers from their rows, which come from a disk: a row that does not fit is reported, left out,
 * and counts for the digest as it is, so that any change of a byte shows.
 */
import { ledgerIndex, type Millis } from '../../base/brand.ts'
import { BytesError, Reader } from '../../base/bytes.ts'
import { readRowVersion } from '../../broker/machine/tables.ts'
import type { LedgerId } from './commands.ts'
import { Ledger } from './ledger.ts'
import { LedgerPage } from './page.ts'
import type { LedgerState } from './state.ts'
import { TABLE_LEDGER, TABLE_LEDGER_KEY, TABLE_LEDGER_META, TABLE_LEDGER_PAGE } from './tables.ts'

const KEY_START = 2

/** Takes rows in any order; `finish` builds the state once. */
export class LedgerLoader {
  readonly #state: LedgerState
  readonly #ledgers: Ledger[] = []
  readonly #pages = new Map<LedgerId, LedgerPage[]>()
  readonly #keyPages = new Map<number, Uint8Array>()

  constructor(state: LedgerState) {
    this.#state = state
  }

  /** Takes one row of a table of ledgers. Throws `BytesError` and `UnknownVersionError`. */
  add(table: number, key: Uint8Array, value: Uint8Array): void {
    readRowVersion(new Reader(value), table)
    switch (table) {
      case TABLE_LEDGER_META:
        this.#state.meta.restore(value)
        this.#state.rows.restore(this.#state.meta, key, value)
        return
      case TABLE_LEDGER:
        return this.#addLedger(key, value)
      case TABLE_LEDGER_PAGE:
        return this.#addPage(key, value)
      case TABLE_LEDGER_KEY: {
        const reader = new Reader(key, KEY_START)
        const page = reader.uint64()
        reader.end()
        this.#keyPages.set(page, new Uint8Array(value))
        return
      }
      default:
        throw new BytesError('the table is not known')
    }
  }

  #addLedger(key: Uint8Array, value: Uint8Array): void {
    const keyReader = new Reader(key, KEY_START)
    const id = keyReader.uint32()
    const reader = new Reader(value, 1)
    const dropOldest = reader.uint8() === 1
    reader.skip(2)
    const [entriesMax, bytesMax, ageMsMax] = [reader.uint64(), reader.uint64(), reader.uint64()]
    const createdAt = reader.uint64() as Millis
    const [firstIndex, nextIndex, bytesEnd] = [reader.uint64(), reader.uint64(), reader.uint64()]
    const name = reader.text16()
    keyReader.end()
    reader.end()
    if (firstIndex > nextIndex || bytesMax === 0) throw new BytesError('a ledger ends before it begins')
    const retention = { entriesMax, bytesMax, ageMsMax, dropOldest }
    const ledger = new Ledger(id, name, retention, createdAt, this.#state.book)
    ledger.firstIndex = ledgerIndex(firstIndex)
    ledger.nextIndex = ledgerIndex(nextIndex)
    ledger.bytesEnd = bytesEnd
    this.#ledgers.push(ledger)
    this.#state.rows.restore(ledger, key, value)
  }

  #addPage(key: Uint8Array, value: Uint8Array): void {
    const reader = new Reader(key, KEY_START)
    const ledgerId = reader.uint32()
    const firstIndex = reader.uint64()
    reader.end()
    const page = LedgerPage.read(ledgerId, ledgerIndex(firstIndex), value)
    const pages = this.#pages.get(ledgerId)
    if (pages === undefined) this.#pages.set(ledgerId, [page])
    else pages.push(page)
    this.#state.rows.restore(page, key, value)
  }

  /** Puts everything together. Returns what is wrong. */
  finish(): string[] {
    const state = this.#state
    const problems: string[] = []
    for (const ledger of this.#ledgers) {
      const pages = (this.#pages.get(ledger.id) ?? []).sort((one, other) => one.firstIndex - other.firstIndex)
      this.#pages.delete(ledger.id)
      const problem = ledger.restore(pages)
      if (problem !== undefined) problems.push(problem)
      if (ledger.id >= state.meta.nextId) problems.push('a ledger has a number that was not given out')
      state.add(ledger)
    }
    if (this.#pages.size > 0) problems.push('a page has no ledger')
    const { keysHead, keysTail } = state.meta
    problems.push(...state.keys.ring.restore(keysHead, keysTail, this.#keyPages))
    state.keys.reindex()
    return problems
  }
}
