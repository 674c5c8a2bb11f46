/**
 * A ring of slots of ten 32-bit words: what the machine remembers for a while, oldest first. It has room
 * for all it may hold from the start: what is not used yet costs address space and no memory, and growing would
 * stop the node for as long as copying takes. It is kept in pages of 128 slots. Slots are numbered without end; the page with the
 * oldest slot is kept whole, so that what is written of a page never depends on when it is written.
 *
 * Page row: u8 version, u8 0, u16 count of slots, then ten u32 a slot.
 */
import { assert } from '../../base/assert.ts'
import { viewOf, Writer } from '../../base/bytes.ts'
import { Row, type RowLedger } from './rows.ts'
import { ROW_VERSION, startKey } from './tables.ts'

export const SLOT_WORDS = 10
export const SLOTS_PER_PAGE = 128
const PAGE_HEADER_BYTES = 4

/** One page, as a row. */
export class RingPage extends Row {
  readonly ring: SlotRing
  readonly number: number

  constructor(ring: SlotRing, number: number) {
    super()
    this.ring = ring
    this.number = number
  }

  override sizeHint(): number {
    return 14 + SLOTS_PER_PAGE * SLOT_WORDS * 4
  }

  override writeKey(into: Writer): void {
    startKey(into, this.ring.table).uint64(this.number)
  }

  override writeValue(into: Writer): void {
    const start = this.number * SLOTS_PER_PAGE
    const end = Math.min(start + SLOTS_PER_PAGE, this.ring.head)
    into
      .uint8(ROW_VERSION)
      .uint8(0)
      .uint16(end - start)
    for (let sequence = start; sequence < end; sequence++) {
      const at = this.ring.wordAt(sequence)
      for (let word = 0; word < SLOT_WORDS; word++) into.uint32(this.ring.words[at + word] as number)
    }
  }
}

/** The ring. Its owner fills the words of a slot after `push` and indexes them by slot number. */
export class SlotRing {
  readonly table: number
  readonly slotsMax: number
  readonly #rows: RowLedger
  /** Rule: tail <= head. The next slot is `head`, the oldest live one `tail`. */
  head = 0
  tail = 0
  readonly words: Uint32Array
  readonly #pages = new Map<number, RingPage>()

  /** `slotsMax` is a power of two and bounds what is kept, live or not. */
  constructor(table: number, slotsMax: number, rows: RowLedger) {
    this.table = table
    this.slotsMax = slotsMax
    this.#rows = rows
    this.words = new Uint32Array(slotsMax * SLOT_WORDS)
  }

  /** The first slot that is kept: the start of the page of the oldest live one. */
  get keptFrom(): number {
    return this.tail - (this.tail % SLOTS_PER_PAGE)
  }

  /** The slot number of a sequence number: below `slotsMax`, and used again one round later. */
  slotOf(sequence: number): number {
    return sequence % this.slotsMax
  }

  /** Where the words of a slot start. */
  wordAt(sequence: number): number {
    return (sequence % this.slotsMax) * SLOT_WORDS
  }

  /** The ring is full: the owner evicts a page. */
  get isFull(): boolean {
    return this.head - this.keptFrom === this.slotsMax
  }

  /** Adds a slot at the head and returns its number. Its words still hold what was there before. */
  push(): number {
    assert(!this.isFull, 'the ring has room')
    const sequence = this.head++
    const number = Math.floor(sequence / SLOTS_PER_PAGE)
    let page = this.#pages.get(number)
    if (page === undefined) {
      page = new RingPage(this, number)
      this.#pages.set(number, page)
    }
    this.#rows.touch(page)
    return sequence
  }

  /** Lets the oldest live slot go, and its page when it was the last one there. */
  dropTail(): void {
    assert(this.tail < this.head, 'a ring with slots loses one')
    this.tail++
    if (this.tail % SLOTS_PER_PAGE !== 0) return
    const number = this.tail / SLOTS_PER_PAGE - 1
    const page = this.#pages.get(number)
    assert(page !== undefined, 'a page of the ring is known')
    this.#pages.delete(number)
    this.#rows.remove(page)
  }

  /**
   * Puts the ring back as it was written. `pages` are the rows that were found, by their numbers. Returns
   * what is wrong; the ring is then empty or has slots of zeros.
   */
  restore(head: number, tail: number, pages: ReadonlyMap<number, Uint8Array>): string[] {
    const keptFrom = tail - (tail % SLOTS_PER_PAGE)
    if (tail > head || head - keptFrom > this.slotsMax) return ['a ring row lies about its ends']
    this.head = head
    this.tail = tail
    const problems: string[] = []
    const pageEnd = Math.ceil(head / SLOTS_PER_PAGE)
    for (let number = keptFrom / SLOTS_PER_PAGE; number < pageEnd; number++) {
      const value = pages.get(number)
      if (value === undefined || !this.#restorePage(number, value)) problems.push('a ring page is damaged')
    }
    const inside = [...pages.keys()].every((page) => page >= keptFrom / SLOTS_PER_PAGE && page < pageEnd)
    if (!inside) problems.push('a ring page is outside of its ring')
    return problems
  }

  #restorePage(number: number, value: Uint8Array): boolean {
    const start = number * SLOTS_PER_PAGE
    const count = Math.min(SLOTS_PER_PAGE, this.head - start)
    const page = new RingPage(this, number)
    this.#pages.set(number, page)
    const view = viewOf(value)
    if (value.byteLength !== PAGE_HEADER_BYTES + count * SLOT_WORDS * 4) return false
    for (let slot = 0; slot < count; slot++) {
      const at = this.wordAt(start + slot)
      for (let word = 0; word < SLOT_WORDS; word++) {
        this.words[at + word] = view.getUint32(PAGE_HEADER_BYTES + (slot * SLOT_WORDS + word) * 4)
      }
    }
    const key = new Writer(10)
    page.writeKey(key)
    this.#rows.restore(page, key.done(), value)
    return view.getUint16(2) === count
  }
}
