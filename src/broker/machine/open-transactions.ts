/**
 * The transactions that nobody has ended yet. Each is the row of a half message: no queue leads to it. It waits for
 * its end, or for the time of its next check; a parked one waits for an operator or a late producer.
 *
 * Transaction row: u8 version, u8 parked, u16 0, u32 topic id, u64 position, u32 size, u32 tag CRC-32, u32 checks,
 * u64 opened at, u64 due (the next check, or since when it is parked).
 */
import { assert } from '../../base/assert.ts'
import type { LogPosition, Millis } from '../../base/brand.ts'
import type { Writer } from '../../base/bytes.ts'
import { OPEN_TRANSACTION_BYTES_MAX, OPEN_TRANSACTIONS_MAX } from '../../base/limits.ts'
import { ClaimHeap, type Timed } from './claim-heap.ts'
import type { Pointer, TopicId } from './commands.ts'
import { Row } from './rows.ts'
import { ROW_VERSION, startKey, TABLE_TRANSACTION } from './tables.ts'
import type { TransactionNumber } from './transaction-commands.ts'
import type { TransactionView } from './view.ts'

/** One transaction that is open. */
export class OpenTransaction extends Row implements Timed, Pointer, TransactionView {
  readonly transaction: TransactionNumber
  readonly topicId: TopicId
  /** Where the half message stands now. */
  position: LogPosition
  readonly size: number
  readonly tagHash: number
  readonly openedAt: Millis
  parked = false
  /** How many checks reached a producer. */
  checks = 0
  /** When it is checked next, or since when it is parked. */
  dueAt: Millis
  /** Counts how often it was listed anew: an entry of an earlier turn is old. */
  turn = 0

  constructor(
    transaction: TransactionNumber,
    topicId: TopicId,
    pointer: Pointer,
    openedAt: Millis,
    dueAt: Millis,
  ) {
    super()
    this.transaction = transaction
    this.topicId = topicId
    this.position = pointer.position
    this.size = pointer.size
    this.tagHash = pointer.tagHash
    this.openedAt = openedAt
    this.dueAt = dueAt
  }

  get visibleAt(): number {
    return this.dueAt
  }

  get offset(): number {
    return this.transaction
  }

  override sizeHint(): number {
    return 54
  }

  override writeKey(into: Writer): void {
    startKey(into, TABLE_TRANSACTION).uint64(this.transaction)
  }

  override writeValue(into: Writer): void {
    into
      .uint8(ROW_VERSION)
      .uint8(this.parked ? 1 : 0)
      .uint16(0)
    into.uint32(this.topicId).uint64(this.position).uint32(this.size).uint32(this.tagHash)
    into.uint32(this.checks).uint64(this.openedAt).uint64(this.dueAt)
  }
}

/** All open transactions, by their numbers and by topic and time. */
export class OpenTransactions {
  readonly byNumber = new Map<TransactionNumber, OpenTransaction>()
  /** Those to check, by topic. */
  readonly #due = new Map<TopicId, ClaimHeap<OpenTransaction>>()
  /** Of all half messages together. */
  bytes = 0
  parked = 0

  get count(): number {
    return this.byNumber.size
  }

  /** Whether so many more may be opened, with so many bytes. */
  hasRoom(count: number, bytes: number): boolean {
    return this.count + count <= OPEN_TRANSACTIONS_MAX && this.bytes + bytes <= OPEN_TRANSACTION_BYTES_MAX
  }

  add(open: OpenTransaction): void {
    assert(!this.byNumber.has(open.transaction), 'a transaction is opened once')
    this.byNumber.set(open.transaction, open)
    this.bytes += open.size
    if (open.parked) this.parked++
    else this.#list(open)
  }

  /** It ended. The caller deletes its row. */
  remove(open: OpenTransaction): void {
    assert(this.byNumber.delete(open.transaction), 'a transaction that ends is open')
    this.bytes -= open.size
    if (open.parked) this.parked--
    open.turn++
  }

  /** A check reached a producer. */
  checked(open: OpenTransaction, nextAt: Millis): void {
    assert(!open.parked, 'a parked transaction is not checked')
    open.checks++
    open.dueAt = nextAt
    this.#list(open)
  }

  park(open: OpenTransaction, now: Millis): void {
    assert(!open.parked, 'a transaction is parked once')
    open.parked = true
    open.dueAt = now
    open.turn++
    this.parked++
  }

  /** The topics with transactions to check, each with the time of the earliest check. */
  *topics(): Generator<readonly [topicId: TopicId, dueAt: Millis]> {
    for (const [topicId, heap] of this.#due) {
      const first = heap.peek()
      if (first !== undefined) yield [topicId, first.dueAt]
    }
  }

  /** Those of a topic whose check is due at `time`, earliest first, at most `max`. */
  dueAt(topicId: TopicId, time: Millis, max: number): readonly OpenTransaction[] {
    const heap = this.#due.get(topicId)
    if (heap === undefined) return []
    const due = heap.popUntil(time, max)
    for (const open of due) heap.push(open)
    return due
  }

  /** The topic is deleted, and all its transactions with it. */
  *ofTopic(topicId: TopicId): Generator<OpenTransaction> {
    for (const open of this.byNumber.values()) if (open.topicId === topicId) yield open
  }

  forgetTopic(topicId: TopicId): void {
    this.#due.delete(topicId)
  }

  /** What is inconsistent: for checks only, it walks. */
  faults(): string[] {
    const faults: string[] = []
    let bytes = 0
    let parked = 0
    for (const open of this.byNumber.values()) {
      bytes += open.size
      if (open.parked) parked++
      const listed = this.#due.get(open.topicId)?.has(open) === true
      if (listed === open.parked) faults.push('a transaction is listed to be checked until it is parked')
      if (open.gone) faults.push('an open transaction has a row')
    }
    if (bytes !== this.bytes) faults.push('the bytes of open transactions are counted')
    if (parked !== this.parked) faults.push('parked transactions are counted')
    return faults
  }

  #list(open: OpenTransaction): void {
    open.turn++
    const heap = this.#due.get(open.topicId)
    if (heap !== undefined) return heap.push(open)
    const made = new ClaimHeap<OpenTransaction>()
    made.push(open)
    this.#due.set(open.topicId, made)
  }
}
