/**
 * Messages that stand behind others of their message group and wait for their turn, in the order of sending:
 * queue and offset of each, in pages. A page holds messages of one queue; only the last page of a list grows and
 * only the first one shrinks.
 *
 * Parked row: u8 version, u8 0, u16 count, u32 queue, u64 offset each.
 */
import { assert } from '../../base/assert.ts'
import type { QueueOffset } from '../../base/brand.ts'
import type { Writer } from '../../base/bytes.ts'
import { PARKED_PAGE_OFFSETS } from '../../base/limits.ts'
import type { GroupId, QueueNumber, TopicId } from './commands.ts'
import { Row, type RowLedger } from './rows.ts'
import { ROW_VERSION, startKey, TABLE_PARKED } from './tables.ts'

/** A message in a topic. */
export interface QueuePlace {
  readonly queue: QueueNumber
  readonly offset: QueueOffset
}

/** Which list a page belongs to. */
export interface LanePlace {
  readonly groupId: GroupId
  readonly topicId: TopicId
  readonly key: number
}

export class ParkedPage extends Row {
  readonly lane: LanePlace
  readonly number: number
  readonly queue: QueueNumber
  readonly #offsets: QueueOffset[]
  #taken = 0

  constructor(lane: LanePlace, number: number, queue: QueueNumber, offsets: QueueOffset[] = []) {
    super()
    this.lane = lane
    this.number = number
    this.queue = queue
    this.#offsets = offsets
  }

  get count(): number {
    return this.#offsets.length - this.#taken
  }

  /** No more fit, counting those that were taken. */
  get full(): boolean {
    return this.#offsets.length >= PARKED_PAGE_OFFSETS
  }

  /** The offset `at` places behind the first. */
  offset(at: number): QueueOffset {
    return this.#offsets[this.#taken + at] as QueueOffset
  }

  get last(): QueueOffset | undefined {
    return this.#offsets.at(-1)
  }

  add(offset: QueueOffset): void {
    assert(offset > (this.last ?? -1), 'parked offsets of a queue rise')
    this.#offsets.push(offset)
  }

  take(count: number): void {
    assert(count <= this.count, 'what is taken is there')
    this.#taken += count
  }

  override sizeHint(): number {
    return 34 + 8 * this.count
  }

  override writeKey(into: Writer): void {
    const { groupId, topicId, key } = this.lane
    startKey(into, TABLE_PARKED).uint32(groupId).uint32(topicId).uint64(key).uint64(this.number)
  }

  override writeValue(into: Writer): void {
    into.uint8(ROW_VERSION).uint8(0).uint16(this.count).uint32(this.queue)
    for (let at = 0; at < this.count; at++) into.uint64(this.offset(at))
  }
}

/** What is parked in one lane. */
export class ParkedList {
  readonly #lane: LanePlace
  #pages: ParkedPage[] = []
  #count = 0

  constructor(lane: LanePlace) {
    this.#lane = lane
  }

  get count(): number {
    return this.#count
  }

  /**
   * A new page gets `numberMin` or the next number: it must be larger than that of any page of this lane before,
   * since the row of one that went may still wait for its deletion.
   */
  push(rows: RowLedger, { queue, offset }: QueuePlace, numberMin: number): void {
    let page = this.#pages.at(-1)
    if (page === undefined || page.full || page.queue !== queue) {
      page = new ParkedPage(this.#lane, Math.max((page?.number ?? -1) + 1, numberMin), queue)
      this.#pages.push(page)
    }
    page.add(offset)
    this.#count++
    rows.touch(page)
  }

  /** The first ones, at most `max`. */
  first(max: number): QueuePlace[] {
    const places: QueuePlace[] = []
    for (const page of this.#pages) {
      for (let at = 0; at < page.count && places.length < max; at++) {
        places.push({ queue: page.queue, offset: page.offset(at) })
      }
      if (places.length >= max) break
    }
    return places
  }

  /** Takes the first one out. */
  shift(rows: RowLedger): QueuePlace | undefined {
    const page = this.#pages[0]
    if (page === undefined) return undefined
    const place = { queue: page.queue, offset: page.offset(0) }
    this.#take(rows, page, 1)
    return place
  }

  /** Takes out what stands before `end` in a queue, and returns how many these were. */
  dropBefore(rows: RowLedger, queue: QueueNumber, end: QueueOffset): number {
    const before = this.#count
    for (const page of this.#pages.filter((one) => one.queue === queue)) {
      let taken = 0
      while (taken < page.count && page.offset(taken) < end) taken++
      if (taken > 0) this.#take(rows, page, taken)
      if (page.count > 0) break
    }
    return before - this.#count
  }

  /** Takes everything out. */
  clear(rows: RowLedger): void {
    for (const page of this.#pages) rows.remove(page)
    this.#pages = []
    this.#count = 0
  }

  #take(rows: RowLedger, page: ParkedPage, count: number): void {
    page.take(count)
    this.#count -= count
    if (page.count > 0) {
      rows.touch(page)
      return
    }
    rows.remove(page)
    if (page === this.#pages[0]) this.#pages.shift()
    else this.#pages = this.#pages.filter((other) => other !== page)
  }

  /** Puts a page back that was read from a table. Pages come in the order of their numbers. */
  restore(page: ParkedPage): void {
    this.#pages.push(page)
    this.#count += page.count
  }

  /** The first offset of a queue; `undefined` when nothing of it is parked. */
  firstOf(queue: QueueNumber): QueueOffset | undefined {
    return this.#pages.find((page) => page.queue === queue)?.offset(0)
  }

  /** Everything in order: for checks. */
  places(): QueuePlace[] {
    return this.first(Number.POSITIVE_INFINITY)
  }
}
