/**
 * A queue of a topic (RocketMQ: ConsumeQueue): for each message a pointer into the log, in pages at fixed
 * offsets. Page k holds the offsets [128k, 128k + 128). In memory are the newest page of a queue, and full ones until
 * they were handed out to be written: every pointer is found here or in the tables.
 *
 * Page row:                              Pointer, 20 bytes:
 *   0  u8   version, 1 or 2                0  u64  position in the log
 *   1  u8   0                              8  u32  size
 *   2  u16  how many pointers             12  u32  tag CRC-32
 *   4  u32  0                             16  u32  since
 *   8  u64  offset of the first
 *  16       pointers
 *
 * `since` is when the message came into the queue, in seconds of log time, if its bytes are older: a dead letter, a
 * delayed message that is due. For a message that came as it was sent it is 0.
 *
 * A page that holds a FIFO message has version 2: after the pointers follows a u32 order hash for each of them
 * (`orderHashOf`), 0 for a message of another type.
 *
 * Queue row: u8 version, u32 topic id, u32 queue id, u64 min offset, u64 next offset.
 */
import { assert } from '../../base/assert.ts'
import type { LogPosition, QueueOffset } from '../../base/brand.ts'
import { getUint64, setUint64, viewOf, type Writer } from '../../base/bytes.ts'
import { POINTER_BYTES, QUEUE_PAGE_POINTERS } from '../../base/limits.ts'
import type { Pointer, QueueEntry, QueueNumber, TopicId } from './commands.ts'
import type { Moved } from './moved.ts'
import { PageSums } from './page-sums.ts'
import { Row, type RowLedger } from './rows.ts'
import { PAGE_ORDER_VERSION, pageRowKey, ROW_VERSION, startKey, TABLE_PAGE, TABLE_QUEUE } from './tables.ts'
import type { QueueView } from './view.ts'

export const PAGE_HEADER_BYTES = 16
export const ORDER_HASH_BYTES = 4
const POINTERS_AT_FIRST = 8

/** The page that holds an offset. */
export function pageOf(offset: number): number {
  return Math.floor(offset / QUEUE_PAGE_POINTERS)
}

/** One page in memory. Its buffer grows up to a full page. */
export class Page extends Row {
  readonly queue: Queue
  readonly number: number
  count = 0
  #bytes = new Uint8Array(POINTERS_AT_FIRST * POINTER_BYTES)
  #view = viewOf(this.#bytes)
  /** Of each message; none while all are 0. */
  #orderHashes: number[] | undefined

  constructor(queue: Queue, number: number) {
    super()
    this.queue = queue
    this.number = number
  }

  add(position: number, size: number, tagHash: number, sinceSeconds: number, orderHash = 0): void {
    assert(this.count < QUEUE_PAGE_POINTERS, 'a page has room')
    if (orderHash !== 0) this.#orderHashes ??= Array.from({ length: this.count }, () => 0)
    this.#orderHashes?.push(orderHash)
    const at = this.count * POINTER_BYTES
    if (at === this.#bytes.byteLength) this.#grow()
    setUint64(this.#view, at, position)
    this.#view.setUint32(at + 8, size)
    this.#view.setUint32(at + 12, tagHash)
    this.#view.setUint32(at + 16, sinceSeconds)
    this.count++
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.byteLength * 2)
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = viewOf(larger)
  }

  /** Takes over the pointers of a page row, which are `count`. */
  fill(row: Uint8Array, count: number): void {
    this.#bytes = new Uint8Array(QUEUE_PAGE_POINTERS * POINTER_BYTES)
    const hashesAt = PAGE_HEADER_BYTES + count * POINTER_BYTES
    this.#bytes.set(row.subarray(PAGE_HEADER_BYTES, hashesAt))
    const view = viewOf(row)
    if (row[0] === PAGE_ORDER_VERSION) {
      this.#orderHashes = Array.from({ length: count }, (_, slot) => view.getUint32(hashesAt + 4 * slot))
    }
    this.#view = viewOf(this.#bytes)
    this.count = count
  }

  pointer(slot: number): Pointer | undefined {
    return slot >= 0 && slot < this.count ? readPointer(this.#view, slot * POINTER_BYTES) : undefined
  }

  entry(slot: number): QueueEntry | undefined {
    if (slot < 0 || slot >= this.count) return undefined
    return readEntry(this.#view, slot * POINTER_BYTES, this.#orderHashes?.[slot] ?? 0)
  }

  override sizeHint(): number {
    return 14 + PAGE_HEADER_BYTES + this.count * (POINTER_BYTES + ORDER_HASH_BYTES)
  }

  override writeKey(into: Writer): void {
    startKey(into, TABLE_PAGE).uint32(this.queue.queue).uint64(this.number)
  }

  override writeValue(into: Writer): void {
    into.uint8(this.#orderHashes === undefined ? ROW_VERSION : PAGE_ORDER_VERSION)
    into.uint8(0).uint16(this.count).uint32(0)
    into.uint64(this.number * QUEUE_PAGE_POINTERS)
    into.raw(this.#bytes.subarray(0, this.count * POINTER_BYTES))
    for (const orderHash of this.#orderHashes ?? []) into.uint32(orderHash)
  }

  override lanesMoved(deltaA: number, deltaB: number): void {
    if (!this.gone) this.queue.pages.move(this.number, deltaA, deltaB)
  }

  override handedOut(): void {
    this.queue.full?.delete(this.number)
  }
}

/** One queue. */
export class Queue extends Row implements QueueView {
  readonly queue: QueueNumber
  readonly topicId: TopicId
  readonly queueId: number
  /** Rule: minOffset <= nextOffset. */
  minOffset = 0 as QueueOffset
  nextOffset = 0 as QueueOffset
  /** The newest page; none before the first message. */
  page: Page | undefined
  /** Pages before the newest that were not handed out yet, by their number. */
  full: Map<number, Page> | undefined
  /** All pages of the queue. */
  readonly pages = new PageSums()
  /** Messages that stand at another place than their page says. */
  readonly moved = new Map<QueueOffset, Moved>()

  constructor(queue: QueueNumber, topicId: TopicId, queueId: number) {
    super()
    this.queue = queue
    this.topicId = topicId
    this.queueId = queueId
  }

  /** The number of the oldest page kept; `undefined` before the first message. */
  get firstPage(): number | undefined {
    return this.pages.first
  }

  /** Appends a pointer and returns its offset. `sinceSeconds` is when, if the bytes are older, and else 0. */
  append(
    rows: RowLedger,
    position: number,
    size: number,
    tagHash: number,
    sinceSeconds = 0,
    orderHash = 0,
  ): QueueOffset {
    const offset = this.nextOffset
    let page = this.page
    if (page === undefined || page.count === QUEUE_PAGE_POINTERS) {
      this.#keepFull(page)
      page = new Page(this, pageOf(offset))
      this.page = page
      this.pages.add(page.number)
    }
    assert(page.number * QUEUE_PAGE_POINTERS + page.count === offset, 'pages have no holes')
    page.add(position, size, tagHash, sinceSeconds, orderHash)
    this.nextOffset = (offset + 1) as QueueOffset
    rows.touch(page)
    rows.touch(this)
    return offset
  }

  #keepFull(page: Page | undefined): void {
    if (page === undefined || (!page.changed && page.pendingAt === -1)) return
    this.full ??= new Map()
    this.full.set(page.number, page)
  }

  /** The page in memory that holds an offset. */
  #pageAt(offset: number): Page | undefined {
    const number = pageOf(offset)
    return this.page?.number === number ? this.page : this.full?.get(number)
  }

  /** The pointer at an offset if the message was moved up or its page is in memory. */
  pointerInMemory(offset: QueueOffset): Pointer | undefined {
    const moved = this.moved.get(offset)
    if (moved !== undefined) return moved.pointer()
    const page = this.#pageAt(offset)
    return page?.pointer(offset - page.number * QUEUE_PAGE_POINTERS)
  }

  /** What a page in memory holds of an offset. */
  entryInMemory(offset: number): QueueEntry | undefined {
    const page = this.#pageAt(offset)
    return page?.entry(offset - page.number * QUEUE_PAGE_POINTERS)
  }

  /** Deletes the pages before `endPage`; the newest one stays, since it is needed to go on. */
  dropPages(rows: RowLedger, endPage: number): void {
    if (this.page !== undefined) this.#drop(rows, Math.min(endPage, this.page.number))
  }

  /** Deletes the queue's row and all its pages. */
  remove(rows: RowLedger): void {
    if (this.page !== undefined) this.#drop(rows, this.page.number + 1)
    rows.remove(this)
  }

  #drop(rows: RowLedger, endPage: number): void {
    const keys: Uint8Array[] = []
    for (let page = this.pages.first ?? endPage; page < endPage; page++)
      keys.push(pageRowKey(this.queue, page))
    for (const number of this.full?.keys() ?? []) if (number < endPage) this.full?.delete(number)
    const sum = this.pages.dropBelow(endPage)
    const belongs = (row: Row): boolean => row instanceof Page && row.queue === this && row.number < endPage
    rows.removeMany(sum, belongs, keys)
  }

  override sizeHint(): number {
    return 31
  }

  override writeKey(into: Writer): void {
    startKey(into, TABLE_QUEUE).uint32(this.queue)
  }

  override writeValue(into: Writer): void {
    into.uint8(ROW_VERSION).uint32(this.topicId).uint32(this.queueId)
    into.uint64(this.minOffset).uint64(this.nextOffset)
  }
}

/** The pointer of `offset` in the bytes of a page row; `undefined` when the page does not hold it. */
export function pointerInPage(page: Uint8Array, offset: number): Pointer | undefined {
  const entry = entryInPage(page, offset)
  return entry && { position: entry.position, size: entry.size, tagHash: entry.tagHash }
}

/** As `pointerInPage`, with what else the page holds. */
export function entryInPage(page: Uint8Array, offset: number): QueueEntry | undefined {
  const version = page[0]
  const isKnown = version === ROW_VERSION || version === PAGE_ORDER_VERSION
  if (page.byteLength < PAGE_HEADER_BYTES || !isKnown) return undefined
  const view = viewOf(page)
  if (view.getUint32(8) > 0x1f_ffff) return undefined
  const slot = offset - getUint64(view, 8)
  const count = view.getUint16(2)
  if (slot < 0 || slot >= count) return undefined
  const at = PAGE_HEADER_BYTES + slot * POINTER_BYTES
  if (at + POINTER_BYTES > page.byteLength || view.getUint32(at) > 0x1f_ffff) return undefined
  if (version === ROW_VERSION) return readEntry(view, at, 0)
  const hashAt = PAGE_HEADER_BYTES + count * POINTER_BYTES + slot * ORDER_HASH_BYTES
  if (hashAt + ORDER_HASH_BYTES > page.byteLength) return undefined
  return readEntry(view, at, view.getUint32(hashAt))
}

function readPointer(view: DataView, at: number): Pointer {
  return {
    position: getUint64(view, at) as LogPosition,
    size: view.getUint32(at + 8),
    tagHash: view.getUint32(at + 12),
  }
}

function readEntry(view: DataView, at: number, orderHash: number): QueueEntry {
  return { ...readPointer(view, at), sinceSeconds: view.getUint32(at + 16), orderHash }
}
