/**
 * A ring of slots that are remembered for a time of log time, at most a number of them, and found by
 * hashes. The last two words of every slot are its stamp.
 *
 * A slot is over as soon as its time is, whether it was taken out or not: taking out is spread over later
 * entries, so that one entry after a pause does not do the work of a million.
 */
import type { Millis } from '../../base/brand.ts'
import type { RowLedger } from './rows.ts'
import { SLOT_WORDS, SLOTS_PER_PAGE, SlotRing } from './slot-ring.ts'

const STAMP_WORD = SLOT_WORDS - 2
const TWO_32 = 0x1_0000_0000
/** At most this many slots are taken out for an entry, and so many more for each slot that comes in. */
const EVICTED_PER_ENTRY = 1024
const EVICTED_PER_PUSH = 2

/** What the ring of repeated messages and the ring of requests have in common. */
export abstract class SlotWindow {
  readonly ring: SlotRing
  readonly #keepMs: number

  constructor(table: number, slotsMax: number, keepMs: number, rows: RowLedger) {
    this.ring = new SlotRing(table, slotsMax, rows)
    this.#keepMs = keepMs
  }

  /** Makes empty indexes for a number of slots. */
  protected abstract clearIndex(slots: number): void
  protected abstract addToIndex(slot: number): void
  protected abstract removeFromIndex(slot: number): void

  /** Takes out slots whose time is over, a bounded number of them. Called once for each entry. */
  expire(now: Millis): void {
    this.#evictOver(now, EVICTED_PER_ENTRY)
  }

  /** The stamp of a slot, by its number in the ring. */
  stampOf(slot: number): Millis {
    const at = slot * SLOT_WORDS + STAMP_WORD
    const { words } = this.ring
    return ((words[at] as number) * TWO_32 + (words[at + 1] as number)) as Millis
  }

  isLive(slot: number, now: Millis): boolean {
    return this.stampOf(slot) + this.#keepMs > now
  }

  /** Age of the oldest slot, 0 without one. */
  oldestAge(now: Millis): Millis {
    const { head, tail } = this.ring
    return (head === tail ? 0 : now - this.stampOf(this.ring.slotOf(tail))) as Millis
  }

  /** Builds the indexes from the slots. */
  reindex(): void {
    const { ring } = this
    this.clearIndex(ring.slotsMax)
    for (let sequence = ring.tail; sequence < ring.head; sequence++) this.addToIndex(ring.slotOf(sequence))
  }

  /** Adds a slot with its stamp; the caller fills the other words and then calls `addToIndex`. */
  protected pushSlot(now: Millis): number {
    const { ring } = this
    this.#evictOver(now, EVICTED_PER_PUSH)
    if (ring.isFull) {
      do this.#evict()
      while (ring.tail % SLOTS_PER_PAGE !== 0)
    }
    const sequence = ring.push()
    const at = ring.wordAt(sequence) + STAMP_WORD
    ring.words[at] = Math.floor(now / TWO_32)
    ring.words[at + 1] = now >>> 0
    return sequence
  }

  #evictOver(now: Millis, max: number): void {
    const { ring } = this
    for (let i = 0; i < max && ring.tail < ring.head; i++) {
      if (this.isLive(ring.slotOf(ring.tail), now)) return
      this.#evict()
    }
  }

  #evict(): void {
    this.removeFromIndex(this.ring.slotOf(this.ring.tail))
    this.ring.dropTail()
  }
}

/** Mixes the words that name a slot into a hash. */
export function mixWords(a: number, b: number, c: number, d: number): number {
  let h =
    Math.imul(a, 0x85ebca6b) ^ Math.imul(b, 0xc2b2ae35) ^ Math.imul(c, 0x27d4eb2f) ^ Math.imul(d, 0x165667b1)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
  return h ^ (h >>> 15)
}
