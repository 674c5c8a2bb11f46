/**
 * The messages that were stored lately, so that a send that a client repeats is not stored again.
 *
 * Slot: u32 identity A, identity B, body length, body CRC, topic id, queue id, offset (2 words), stamp (2). For a
 * message that waits for its time the three words of queue id and offset hold instead: bits 10, 16 bits of its due
 * time and 14 of its timer id; the 32 lower bits of the due time; those of the timer id.
 */
import { assert } from '../../base/assert.ts'
import type { Millis, QueueOffset } from '../../base/brand.ts'
import { DEDUPE_IDS_MAX, DEDUPE_MS } from '../../base/limits.ts'
import type { TimerName } from './commands.ts'
import type { RowLedger } from './rows.ts'
import { SlotIndex } from './slot-index.ts'
import { SLOT_WORDS } from './slot-ring.ts'
import { mixWords, SlotWindow } from './slot-window.ts'
import { TABLE_DEDUPE } from './tables.ts'

const TWO_32 = 0x1_0000_0000
/** The upper bits of the queue id word of a message that waits: no queue id has them. */
const TIMER_BITS = 2

/** Remembers messages by identity, body and topic. */
export class Dedupe extends SlotWindow {
  /** Messages that had the identity of another one but another body: both are stored. */
  conflicts = 0
  /** Finds a message by everything that makes a repeat. */
  #exact = new SlotIndex(1, () => 0)
  /** Finds the newest message of an identity, to see conflicts. */
  #identities = new SlotIndex(1, () => 0)

  constructor(rows: RowLedger, slotsMax: number = DEDUPE_IDS_MAX) {
    super(TABLE_DEDUPE, slotsMax, DEDUPE_MS, rows)
    this.reindex()
  }

  /** The slot of an equal message that was stored within the window, or -1. */
  find(a: number, b: number, length: number, crc: number, topicId: number, now: Millis): number {
    const { words } = this.ring
    let place = this.#exact.start(mixWords(a, b ^ topicId, length, crc))
    for (;;) {
      const slot = this.#exact.slotAt(place)
      if (slot < 0) return -1
      const at = slot * SLOT_WORDS
      if (
        words[at] === a &&
        words[at + 1] === b &&
        words[at + 2] === length &&
        words[at + 3] === crc &&
        words[at + 4] === topicId &&
        this.isLive(slot, now)
      ) {
        return slot
      }
      place = this.#exact.after(place)
    }
  }

  queueIdOf(slot: number): number {
    return this.ring.words[slot * SLOT_WORDS + 5] as number
  }

  offsetOf(slot: number): QueueOffset {
    const at = slot * SLOT_WORDS + 6
    const { words } = this.ring
    return ((words[at] as number) * TWO_32 + (words[at + 1] as number)) as QueueOffset
  }

  /** The timer of a message that waited for its time when it was remembered. */
  timerOf(slot: number): TimerName | undefined {
    const { words } = this.ring
    const at = slot * SLOT_WORDS
    const high = words[at + 5] as number
    if (high >>> 30 !== TIMER_BITS) return undefined
    const dueMs = ((high >>> 14) & 0xffff) * TWO_32 + (words[at + 6] as number)
    return { id: (high & 0x3fff) * TWO_32 + (words[at + 7] as number), dueMs: dueMs as Millis }
  }

  /** Remembers a message that `find` did not know and that waits for its time. */
  rememberTimer(
    a: number,
    b: number,
    length: number,
    crc: number,
    topicId: number,
    { id, dueMs }: TimerName,
    now: Millis,
  ): void {
    const idHigh = Math.floor(id / TWO_32)
    const dueHigh = Math.floor(dueMs / TWO_32)
    assert(idHigh <= 0x3fff && dueHigh <= 0xffff, 'a timer fits a slot', { id, dueMs })
    const sequence = this.#remember(a, b, length, crc, topicId, now)
    const at = this.ring.wordAt(sequence)
    const { words } = this.ring
    words[at + 5] = ((TIMER_BITS << 30) | (dueHigh << 14) | idHigh) >>> 0
    words[at + 6] = dueMs >>> 0
    words[at + 7] = id >>> 0
    this.#index(sequence, a, b, topicId, now)
  }

  /** Remembers a message that `find` did not know. */
  remember(
    a: number,
    b: number,
    length: number,
    crc: number,
    topicId: number,
    queueId: number,
    offset: QueueOffset,
    now: Millis,
  ): void {
    const sequence = this.#remember(a, b, length, crc, topicId, now)
    const at = this.ring.wordAt(sequence)
    const { words } = this.ring
    words[at + 5] = queueId
    words[at + 6] = Math.floor(offset / TWO_32)
    words[at + 7] = offset >>> 0
    this.#index(sequence, a, b, topicId, now)
  }

  /** Takes a slot for a message and returns its sequence number. */
  #remember(a: number, b: number, length: number, crc: number, topicId: number, now: Millis): number {
    const sequence = this.pushSlot(now)
    const { words } = this.ring
    const at = this.ring.wordAt(sequence)
    words[at] = a
    words[at + 1] = b
    words[at + 2] = length
    words[at + 3] = crc
    words[at + 4] = topicId
    return sequence
  }

  #index(sequence: number, a: number, b: number, topicId: number, now: Millis): void {
    const before = this.#newestOf(a, b, topicId)
    if (before >= 0 && this.isLive(before, now)) this.conflicts++
    this.addToIndex(this.ring.slotOf(sequence))
  }

  /** What is inconsistent: for checks only, it walks. */
  faults(): string[] {
    const { ring } = this
    if (this.#exact.size !== ring.head - ring.tail) return ['the index knows each remembered message once']
    for (let sequence = ring.tail; sequence < ring.head; sequence++) {
      if (!this.#exact.has(ring.slotOf(sequence))) return ['the index knows every remembered message']
    }
    return []
  }

  #newestOf(a: number, b: number, topicId: number): number {
    const place = this.#placeOf(a, b, topicId)
    return this.#identities.slotAt(place)
  }

  /** Where the index has an identity, or the empty place where the search for it ends. */
  #placeOf(a: number, b: number, topicId: number): number {
    const { words } = this.ring
    let place = this.#identities.start(mixWords(a, b, topicId, 0))
    for (;;) {
      const slot = this.#identities.slotAt(place)
      const at = slot * SLOT_WORDS
      if (slot < 0) return place
      if (words[at] === a && words[at + 1] === b && words[at + 4] === topicId) return place
      place = this.#identities.after(place)
    }
  }

  protected override clearIndex(slots: number): void {
    this.#exact = new SlotIndex(slots, (slot) => this.#exactHash(slot))
    this.#identities = new SlotIndex(slots, (slot) => this.#identityHash(slot))
  }

  protected override addToIndex(slot: number): void {
    const { words } = this.ring
    const at = slot * SLOT_WORDS
    this.#exact.insert(slot)
    const place = this.#placeOf(words[at] as number, words[at + 1] as number, words[at + 4] as number)
    if (this.#identities.slotAt(place) < 0) this.#identities.insert(slot)
    else this.#identities.replace(place, slot)
  }

  protected override removeFromIndex(slot: number): void {
    this.#exact.remove(slot)
    this.#identities.remove(slot)
  }

  #exactHash(slot: number): number {
    const at = slot * SLOT_WORDS
    const { words } = this.ring
    return mixWords(
      words[at] as number,
      (words[at + 1] as number) ^ (words[at + 4] as number),
      words[at + 2] as number,
      words[at + 3] as number,
    )
  }

  #identityHash(slot: number): number {
    const at = slot * SLOT_WORDS
    const { words } = this.ring
    return mixWords(words[at] as number, words[at + 1] as number, words[at + 4] as number, 0)
  }
}
