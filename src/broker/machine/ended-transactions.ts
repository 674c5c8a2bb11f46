/**
 * How transactions ended lately, so that a second end is answered like the first.
 *
 * Slot: u32 transaction (2 words), topic id, resolution, queue id, offset (2 words), 0, stamp (2).
 * The ends of the ring are a row of their own: u8 version, u8 0, u16 0, u64 head, u64 tail. It comes with the first
 * transaction that ends.
 */
import type { Millis, QueueOffset } from '../../base/brand.ts'
import type { Writer } from '../../base/bytes.ts'
import { ENDED_TRANSACTIONS_MAX, ENDED_TRANSACTIONS_MS } from '../../base/limits.ts'
import type { TopicId } from './commands.ts'
import { Row, type RowLedger } from './rows.ts'
import { SlotIndex } from './slot-index.ts'
import { SLOT_WORDS, type SlotRing } from './slot-ring.ts'
import { mixWords, SlotWindow } from './slot-window.ts'
import { ROW_VERSION, startKey, TABLE_ENDED_ENDS, TABLE_ENDED_TRANSACTION } from './tables.ts'
import { resolutionNumber, resolutionOf } from './transaction-codec.ts'
import type { Resolution, TransactionNumber } from './transaction-commands.ts'

const TWO_32 = 0x1_0000_0000

/** How a transaction ended. */
export interface EndedTransaction {
  readonly resolution: Resolution
  /** Where the message of a commit stands. */
  readonly queueId: number
  readonly offset: QueueOffset
}

/** Where the ring begins and ends. */
class RingEnds extends Row {
  readonly #ring: SlotRing

  constructor(ring: SlotRing) {
    super()
    this.#ring = ring
  }

  override sizeHint(): number {
    return 22
  }

  override writeKey(into: Writer): void {
    startKey(into, TABLE_ENDED_ENDS)
  }

  override writeValue(into: Writer): void {
    into.uint8(ROW_VERSION).uint8(0).uint16(0).uint64(this.#ring.head).uint64(this.#ring.tail)
  }
}

/** Remembers ends by the numbers of their transactions. */
export class EndedTransactions extends SlotWindow {
  readonly ends: Row
  readonly #rows: RowLedger
  #index = new SlotIndex(1, () => 0)

  constructor(rows: RowLedger, slotsMax: number = ENDED_TRANSACTIONS_MAX) {
    super(TABLE_ENDED_TRANSACTION, slotsMax, ENDED_TRANSACTIONS_MS, rows)
    this.#rows = rows
    this.ends = new RingEnds(this.ring)
    this.reindex()
  }

  override expire(now: Millis): void {
    const { tail } = this.ring
    super.expire(now)
    if (this.ring.tail !== tail) this.#rows.touch(this.ends)
  }

  /** How a transaction of a topic ended within the window. */
  find(transaction: TransactionNumber, topicId: TopicId, now: Millis): EndedTransaction | undefined {
    const high = Math.floor(transaction / TWO_32)
    const low = transaction >>> 0
    const { words } = this.ring
    let place = this.#index.start(mixWords(high, low, 0, 0))
    for (;;) {
      const slot = this.#index.slotAt(place)
      if (slot < 0) return undefined
      const at = slot * SLOT_WORDS
      if (
        words[at] === high &&
        words[at + 1] === low &&
        words[at + 2] === topicId &&
        this.isLive(slot, now)
      ) {
        return this.#ended(at)
      }
      place = this.#index.after(place)
    }
  }

  remember(transaction: TransactionNumber, topicId: TopicId, ended: EndedTransaction, now: Millis): void {
    const sequence = this.pushSlot(now)
    const { words } = this.ring
    const at = this.ring.wordAt(sequence)
    words[at] = Math.floor(transaction / TWO_32)
    words[at + 1] = transaction >>> 0
    words[at + 2] = topicId
    words[at + 3] = resolutionNumber(ended.resolution)
    words[at + 4] = ended.queueId
    words[at + 5] = Math.floor(ended.offset / TWO_32)
    words[at + 6] = ended.offset >>> 0
    words[at + 7] = 0
    this.addToIndex(this.ring.slotOf(sequence))
    this.#rows.touch(this.ends)
  }

  /** What is inconsistent: for checks only, it walks. */
  faults(): string[] {
    const { ring } = this
    if (this.#index.size !== ring.head - ring.tail) return ['the index knows each end of a transaction once']
    for (let sequence = ring.tail; sequence < ring.head; sequence++) {
      if (!this.#index.has(ring.slotOf(sequence))) return ['the index knows every end of a transaction']
    }
    return []
  }

  #ended(at: number): EndedTransaction | undefined {
    const { words } = this.ring
    const resolution = resolutionOf(words[at + 3] as number)
    if (resolution === undefined) return undefined
    const offset = (words[at + 5] as number) * TWO_32 + (words[at + 6] as number)
    return { resolution, queueId: words[at + 4] as number, offset: offset as QueueOffset }
  }

  protected override clearIndex(slots: number): void {
    this.#index = new SlotIndex(slots, (slot) => this.#hash(slot))
  }

  protected override addToIndex(slot: number): void {
    this.#index.insert(slot)
  }

  protected override removeFromIndex(slot: number): void {
    this.#index.remove(slot)
  }

  #hash(slot: number): number {
    const at = slot * SLOT_WORDS
    return mixWords(this.ring.words[at] as number, this.ring.words[at + 1] as number, 0, 0)
  }
}
