/**
 * One ledger: entries with dense indexes from 1, of which the oldest go by its retention or by a trim.
 *
 * Ledger row: u8 version, u8 when full (0 refuse, 1 drop the oldest), u16 0, u64 entries max, u64 bytes max,
 * u64 age max in ms (0: none), u64 created at, u64 first index, u64 next index, u64 bytes of all entries ever
 * appended, name.
 */
import { assert } from '../../base/assert.ts'
import { ledgerIndex, type LogPosition, type Millis } from '../../base/brand.ts'
import type { Writer } from '../../base/bytes.ts'
import {
  LEDGER_PAGE_BYTES,
  LEDGER_PAGE_POINTERS,
  LEDGER_PAGES_PER_BYTES_MAX,
  PAGES_DROPPED_MAX,
} from '../../base/limits.ts'
import { Row, type RowLedger } from '../../broker/machine/rows.ts'
import { ROW_VERSION, startKey } from '../../broker/machine/tables.ts'
import type { LedgerId, Retention } from './commands.ts'
import { LedgerPage } from './page.ts'
import { TABLE_LEDGER } from './tables.ts'
import type { LedgerView } from './view.ts'

/** Dropped places in front of the pages are cleared at this many. */
const FRONT_MAX = 1024

/** The pages of all ledgers together. */
export interface PageBook {
  readonly rows: RowLedger
  /** How many pages there are. */
  count: number
  /** Pages that are full and were not handed out yet. */
  filled: LedgerPage[]
}

export class Ledger extends Row implements LedgerView {
  readonly id: LedgerId
  readonly name: string
  readonly retention: Retention
  readonly createdAt: Millis
  /** Rule: firstIndex <= nextIndex. Equal: no entry is there. */
  firstIndex = ledgerIndex(1)
  nextIndex = ledgerIndex(1)
  /** Bytes of all entries that were ever appended. */
  bytesEnd = 0
  readonly #book: PageBook
  /**
   * Places before `#front` are dropped. Rule: pages have no holes, and the last one ends at `nextIndex`. A command
   * drops a bounded number of them, so pages that hold nothing any more may still stand in front.
   */
  #pages: LedgerPage[] = []
  #front = 0

  constructor(id: LedgerId, name: string, retention: Retention, createdAt: Millis, book: PageBook) {
    super()
    this.id = id
    this.name = name
    this.retention = retention
    this.createdAt = createdAt
    this.#book = book
  }

  get entries(): number {
    return this.nextIndex - this.firstIndex
  }

  /** Bytes of the entries in the pages that are there: what a trim leaves of a page counts with it. */
  get bytes(): number {
    return this.bytesEnd - (this.#firstPage?.bytesBefore ?? this.bytesEnd)
  }

  /** Where the oldest bytes stand that the ledger still needs; `undefined` without an entry. */
  get neededFrom(): LogPosition | undefined {
    return this.#firstPage?.firstPosition
  }

  /** The log time of the newest entry, 0 when none is there. */
  get lastStampMs(): Millis {
    return this.#pages.at(-1)?.lastStampMs ?? (0 as Millis)
  }

  get #firstPage(): LedgerPage | undefined {
    return this.#pages[this.#front]
  }

  /** Bytes at which a page is full. */
  get #pageBytes(): number {
    return Math.min(LEDGER_PAGE_BYTES, this.retention.bytesMax / LEDGER_PAGES_PER_BYTES_MAX)
  }

  /** The most pages that entries of this count and size together can open. */
  pagesFor(count: number, bytes: number): number {
    return Math.min(count, 1 + Math.ceil(count / LEDGER_PAGE_POINTERS) + Math.ceil(bytes / this.#pageBytes))
  }

  append(position: number, size: number, stampMs: Millis): void {
    let page = this.#pages.at(-1)
    if (page === undefined || this.#isFull(page)) {
      page = new LedgerPage(this.id, this.nextIndex, this.bytesEnd)
      this.#pages.push(page)
      this.#book.count++
    }
    assert(page.endIndex === this.nextIndex, 'pages of a ledger have no holes')
    page.add(position, size, stampMs)
    this.bytesEnd += size
    this.nextIndex = ledgerIndex(this.nextIndex + 1)
    this.#book.rows.touch(page)
    if (this.#isFull(page)) this.#book.filled.push(page)
  }

  #isFull(page: LedgerPage): boolean {
    return page.count === LEDGER_PAGE_POINTERS || page.bytes >= this.#pageBytes
  }

  /** The page that holds an index, `undefined` outside of the ledger. */
  pageAt(index: number): LedgerPage | undefined {
    if (index < this.firstIndex || index >= this.nextIndex) return undefined
    return this.#pages[this.#firstWhere((page) => page.endIndex > index)]
  }

  /** The first page whose newest entry is at or after a log time. */
  pageAtTime(timeMs: number): LedgerPage | undefined {
    return this.#pages[this.#firstWhere((page) => page.lastStampMs >= timeMs)]
  }

  /** The first place for which `holds`, which holds for all places behind it as well. */
  #firstWhere(holds: (page: LedgerPage) => boolean): number {
    let low = this.#front
    let high = this.#pages.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (holds(this.#pages[middle] as LedgerPage)) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Lets go what retention lets go at this log time. Bytes and age: only whole pages. */
  expire(now: Millis): void {
    const { entriesMax, bytesMax, ageMsMax, dropOldest } = this.retention
    let first: number = this.firstIndex
    if (dropOldest) first = Math.max(first, this.nextIndex - entriesMax)
    for (let at = this.#firstWhere((page) => page.endIndex > first); at < this.#pages.length; at++) {
      const page = this.#pages[at] as LedgerPage
      const isLarge = dropOldest && this.bytesEnd - page.bytesEnd >= bytesMax
      const isOld = ageMsMax > 0 && page.lastStampMs + ageMsMax <= now
      if (!isLarge && !isOld) break
      first = Math.max(first, page.endIndex)
    }
    this.moveFirst(first)
  }

  /** Whether `expire` would let something go by age, or drop pages that hold nothing any more. */
  isOver(now: Millis): boolean {
    const page = this.#firstPage
    if (page === undefined) return false
    const { ageMsMax } = this.retention
    return page.endIndex <= this.firstIndex || (ageMsMax > 0 && page.lastStampMs + ageMsMax <= now)
  }

  /** Entries before `first` are gone, and some of the pages that hold nothing any more. */
  moveFirst(first: number): void {
    if (first > this.firstIndex) {
      assert(first <= this.nextIndex, 'a ledger begins at or before its end')
      this.firstIndex = ledgerIndex(first)
      this.#book.rows.touch(this)
    }
    for (let dropped = 0; dropped < PAGES_DROPPED_MAX; dropped++) {
      const page = this.#firstPage
      if (page === undefined || page.endIndex > this.firstIndex) break
      this.#book.rows.remove(page)
      this.#book.count--
      this.#front++
    }
    const few = this.#front < FRONT_MAX && this.#front < this.#pages.length
    if (few) return
    this.#pages = this.#pages.slice(this.#front)
    this.#front = 0
  }

  /** Deletes the ledger. False when pages are left, of which it has dropped some: then again. */
  remove(): boolean {
    this.moveFirst(this.nextIndex)
    if (this.pageCount > 0) return false
    this.#book.rows.remove(this)
    return true
  }

  /** Takes over pages that were read, in their order. Returns what is wrong. */
  restore(pages: readonly LedgerPage[]): string | undefined {
    let end: number = pages[0]?.firstIndex ?? this.nextIndex
    let bytes = pages[0]?.bytesBefore ?? this.bytesEnd
    for (const page of pages) {
      if (page.firstIndex !== end || page.bytesBefore !== bytes) return 'a ledger lacks a page'
      end = page.endIndex
      bytes = page.bytesEnd
      this.#pages.push(page)
      this.#book.count++
      if (page !== pages.at(-1) || this.#isFull(page)) page.release()
    }
    const first = pages[0]
    const fits = first !== undefined || this.entries === 0
    if (end !== this.nextIndex || bytes !== this.bytesEnd || !fits)
      return 'the pages of a ledger do not fit it'
    return first === undefined || first.firstIndex <= this.firstIndex
      ? undefined
      : 'a ledger lacks its first page'
  }

  /** Rules that do not hold, as sentences. */
  faults(): string[] {
    const faults: string[] = []
    const pages = this.#pages.slice(this.#front)
    if (this.firstIndex > this.nextIndex) faults.push('a ledger does not end before it begins')
    if (pages.length === 0 && this.entries > 0) faults.push('entries have pages')
    if (pages.length > 0 && pages.at(-1)?.endIndex !== this.nextIndex) faults.push('pages reach the end')
    for (const [at, page] of pages.entries()) {
      if (at > 0 && pages[at - 1]?.endIndex !== page.firstIndex) faults.push('pages have no holes')
    }
    return faults
  }

  get pageCount(): number {
    return this.#pages.length - this.#front
  }

  override sizeHint(): number {
    return 96 + this.name.length * 3
  }

  override writeKey(into: Writer): void {
    startKey(into, TABLE_LEDGER).uint32(this.id)
  }

  override writeValue(into: Writer): void {
    const { entriesMax, bytesMax, ageMsMax, dropOldest } = this.retention
    into
      .uint8(ROW_VERSION)
      .uint8(dropOldest ? 1 : 0)
      .uint16(0)
    into.uint64(entriesMax).uint64(bytesMax).uint64(ageMsMax).uint64(this.createdAt)
    into.uint64(this.firstIndex).uint64(this.nextIndex).uint64(this.bytesEnd).text16(this.name)
  }
}
