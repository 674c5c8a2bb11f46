/**
 * The whole state of the ledger machine. The files with the commands change it; `machine.ts` feeds it.
 *
 * Meta row: u8 version, u8 0, u16 0, u32 next ledger id, u64 head and u64 tail of the ring of keys.
 */
import { BytesError, Reader, type Writer } from '../../base/bytes.ts'
import { Row, type RowLedger } from '../../broker/machine/rows.ts'
import { ROW_VERSION, startKey } from '../../broker/machine/tables.ts'
import type { LedgerId } from './commands.ts'
import { KeyWindow } from './key-window.ts'
import type { Ledger, PageBook } from './ledger.ts'
import { TABLE_LEDGER_META } from './tables.ts'

/** What belongs to no single ledger. There is a row from the first ledger on. */
export class LedgerMeta extends Row {
  nextId: LedgerId = 1
  keysHead = 0
  keysTail = 0

  /** Reads the row back. Throws `BytesError`. */
  restore(value: Uint8Array): void {
    const reader = new Reader(value, 4)
    const [nextId, head, tail] = [reader.uint32(), reader.uint64(), reader.uint64()]
    reader.end()
    if (nextId === 0) throw new BytesError('ledgers are counted from 1')
    this.nextId = nextId
    this.keysHead = head
    this.keysTail = tail
  }

  override sizeHint(): number {
    return 26
  }

  override writeKey(into: Writer): void {
    startKey(into, TABLE_LEDGER_META)
  }

  override writeValue(into: Writer): void {
    into.uint8(ROW_VERSION).uint8(0).uint16(0).uint32(this.nextId)
    into.uint64(this.keysHead).uint64(this.keysTail)
  }
}

export class LedgerState {
  readonly rows: RowLedger
  readonly meta = new LedgerMeta()
  readonly keys: KeyWindow
  readonly book: PageBook
  readonly byId = new Map<LedgerId, Ledger>()
  readonly #byName = new Map<string, Ledger>()
  /** Ledgers that got entries or lost some, since they were last taken. */
  changed = new Set<LedgerId>()

  /** `keysMax` can be made small for tests; all members must have the same. */
  constructor(rows: RowLedger, keysMax?: number) {
    this.rows = rows
    this.keys = new KeyWindow(rows, keysMax)
    this.book = { rows, count: 0, filled: [] }
  }

  named(name: string): Ledger | undefined {
    return this.#byName.get(name)
  }

  add(ledger: Ledger): void {
    this.byId.set(ledger.id, ledger)
    this.#byName.set(ledger.name, ledger)
  }

  delete(ledger: Ledger): void {
    this.byId.delete(ledger.id)
    this.#byName.delete(ledger.name)
  }

  /** Brings the meta row up to date with the ring of keys. */
  keysMoved(): void {
    const { head, tail } = this.keys.ring
    if (this.meta.keysHead === head && this.meta.keysTail === tail) return
    this.meta.keysHead = head
    this.meta.keysTail = tail
    this.rows.touch(this.meta)
  }
}
