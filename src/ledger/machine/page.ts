/**
 * Pointers of a ledger's entries into the log, in pages that are rows of a table. A page is full at 256
 * pointers, or when the bodies that it points to are large together, so that retention, which lets whole pages
 * go, is fine enough. Of each page what follows is kept in memory; its pointers only until it is full and
 * handed out to the table.
 *
 * Page row:                                     Pointer, 24 bytes:
 *   0  u8   version, 1                            0  u64  position of the entry's first byte in the log
 *   1  u8   0                                     8  u32  size of the entry
 *   2  u16  how many pointers                    12  u32  0
 *   4  u32  0                                    16  u64  log time at which it was appended
 *   8  u64  bytes of the ledger's entries before it
 *  16       pointers
 */
import { assert, broken } from '../../base/assert.ts'
import { ledgerIndex, type LedgerIndex, type LogPosition, type Millis } from '../../base/brand.ts'
import { BytesError, getUint64, setUint64, viewOf, type Writer } from '../../base/bytes.ts'
import { LEDGER_PAGE_POINTERS, LEDGER_POINTER_BYTES } from '../../base/limits.ts'
import { Row } from '../../broker/machine/rows.ts'
import { ROW_VERSION, startKey } from '../../broker/machine/tables.ts'
import { ledgerPageKey, TABLE_LEDGER_PAGE } from './tables.ts'

const PAGE_HEADER_BYTES = 16
const POINTERS_AT_FIRST = 32

/** Where an entry's bytes stand and when it was appended. */
export interface EntryPointer {
  readonly position: LogPosition
  readonly size: number
  readonly stampMs: Millis
}

/** One page. Rule: its entries are `firstIndex` to `endIndex` - 1. */
export class LedgerPage extends Row {
  readonly ledgerId: number
  readonly firstIndex: LedgerIndex
  /** Bytes of all entries of the ledger before this page, those that are gone included. */
  readonly bytesBefore: number
  /** Where the first entry stands: entries of a ledger stand in the log in their order. */
  firstPosition = 0 as LogPosition
  count = 0
  bytes = 0
  lastStampMs = 0 as Millis
  #pointers: Uint8Array | undefined = new Uint8Array(POINTERS_AT_FIRST * LEDGER_POINTER_BYTES)
  #view: DataView = viewOf(this.#pointers ?? broken('a new page has room'))

  constructor(ledgerId: number, firstIndex: LedgerIndex, bytesBefore: number) {
    super()
    this.ledgerId = ledgerId
    this.firstIndex = firstIndex
    this.bytesBefore = bytesBefore
  }

  /** Reads a page row back, with its pointers. Throws `BytesError`. */
  static read(ledgerId: number, firstIndex: LedgerIndex, row: Uint8Array): LedgerPage {
    const pointers = pointersIn(row)
    if (pointers === undefined || pointers.byteLength === 0) {
      throw new BytesError('a page of a ledger has another length than its pointers')
    }
    const page = new LedgerPage(ledgerId, firstIndex, getUint64(viewOf(row), 8))
    const view = viewOf(pointers)
    for (let at = 0; at < pointers.byteLength; at += LEDGER_POINTER_BYTES) {
      page.add(getUint64(view, at), view.getUint32(at + 8), getUint64(view, at + 16) as Millis)
    }
    return page
  }

  get endIndex(): LedgerIndex {
    return ledgerIndex(this.firstIndex + this.count)
  }

  get bytesEnd(): number {
    return this.bytesBefore + this.bytes
  }

  add(position: number, size: number, stampMs: Millis): void {
    assert(this.count < LEDGER_PAGE_POINTERS, 'a page of a ledger has room')
    const at = this.count * LEDGER_POINTER_BYTES
    if (at === this.#pointers?.byteLength) this.#grow(this.#pointers)
    assert(this.#pointers !== undefined, 'a page that grows is in memory')
    if (this.count === 0) this.firstPosition = position as LogPosition
    setUint64(this.#view, at, position)
    this.#view.setUint32(at + 8, size)
    setUint64(this.#view, at + 16, stampMs)
    this.count++
    this.bytes += size
    this.lastStampMs = stampMs
  }

  #grow(pointers: Uint8Array): void {
    const larger = new Uint8Array(LEDGER_PAGE_POINTERS * LEDGER_POINTER_BYTES)
    larger.set(pointers)
    this.#pointers = larger
    this.#view = viewOf(larger)
  }

  /** The page takes no more and its row was handed out: from now on its pointers are read from the table. */
  release(): void {
    this.#pointers = undefined
  }

  /** The pointers, `LEDGER_POINTER_BYTES` each, while they are in memory. */
  get pointers(): Uint8Array | undefined {
    return this.#pointers?.subarray(0, this.count * LEDGER_POINTER_BYTES)
  }

  get key(): Uint8Array {
    return ledgerPageKey(this.ledgerId, this.firstIndex)
  }

  override sizeHint(): number {
    return 14 + PAGE_HEADER_BYTES + this.count * LEDGER_POINTER_BYTES
  }

  override writeKey(into: Writer): void {
    startKey(into, TABLE_LEDGER_PAGE).uint32(this.ledgerId).uint64(this.firstIndex)
  }

  override writeValue(into: Writer): void {
    into.uint8(ROW_VERSION).uint8(0).uint16(this.count).uint32(0).uint64(this.bytesBefore)
    into.raw(this.pointers ?? broken('a page that changed is in memory'))
  }
}

/** The pointers in the bytes of a page row; `undefined` when the bytes are none. */
export function pointersIn(row: Uint8Array): Uint8Array | undefined {
  if (row.byteLength < PAGE_HEADER_BYTES || row[0] !== ROW_VERSION) return undefined
  const count = viewOf(row).getUint16(2)
  const pointers = row.subarray(PAGE_HEADER_BYTES)
  const fits = count <= LEDGER_PAGE_POINTERS && pointers.byteLength === count * LEDGER_POINTER_BYTES
  return fits ? pointers : undefined
}

/** One of several pointers. Throws `BytesError` when it is no pointer. */
export function pointerAt(pointers: Uint8Array, slot: number): EntryPointer {
  const view = viewOf(pointers)
  const at = slot * LEDGER_POINTER_BYTES
  if (slot < 0 || at + LEDGER_POINTER_BYTES > pointers.byteLength) {
    throw new BytesError('a page of a ledger lacks a pointer')
  }
  return {
    position: getUint64(view, at) as LogPosition,
    size: view.getUint32(at + 8),
    stampMs: getUint64(view, at + 16) as Millis,
  }
}
