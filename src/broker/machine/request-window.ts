/**
 * The requests that were answered lately, so that a request that a new leader proposes again gives the
 * answer that it gave before.
 *
 * Slot: u32 request (4 words), kind, count, answer (2 words), stamp (2). The answer of an ack is one bit a
 * receipt; an ack of more than 64 receipts goes on in further slots of kind 0. The answer of a change is
 * the deadline, with count 1 when it was valid. A claim has none: its claims know their request. A recall has
 * none: only one that was good is remembered.
 */
import type { Millis } from '../../base/brand.ts'
import { viewOf } from '../../base/bytes.ts'
import { REQUEST_WINDOW_MAX, REQUEST_WINDOW_MS } from '../../base/limits.ts'
import { COMMAND_KINDS } from './command-encode.ts'
import type { RowLedger } from './rows.ts'
import { SlotIndex } from './slot-index.ts'
import { SLOT_WORDS } from './slot-ring.ts'
import { mixWords, SlotWindow } from './slot-window.ts'
import { TABLE_REQUEST } from './tables.ts'

const TWO_32 = 0x1_0000_0000
const BITS_PER_SLOT = 64
const KIND_CONTINUED = 0

/** Remembers requests by their keys. Slots are named by their sequence numbers. */
export class RequestWindow extends SlotWindow {
  #index = new SlotIndex(1, () => 0)

  constructor(rows: RowLedger, slotsMax: number = REQUEST_WINDOW_MAX) {
    super(TABLE_REQUEST, slotsMax, REQUEST_WINDOW_MS, rows)
    this.reindex()
  }

  /** The slot of a request of this kind that was answered within the window, or -1. */
  find(request: Uint8Array, kind: number, now: Millis): number {
    const key = viewOf(request)
    const a = key.getUint32(0)
    const b = key.getUint32(4)
    const c = key.getUint32(8)
    const d = key.getUint32(12)
    const { words } = this.ring
    let place = this.#index.start(mixWords(a, b, c, d))
    for (;;) {
      const slot = this.#index.slotAt(place)
      if (slot < 0) return -1
      const at = slot * SLOT_WORDS
      const same = words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d
      if (same && words[at + 4] === kind && this.isLive(slot, now)) return slot
      place = this.#index.after(place)
    }
  }

  rememberClaim(request: Uint8Array, now: Millis): void {
    this.#push(request, COMMAND_KINDS.claim, 0, 0, 0, now)
  }

  /** Of a command whose answer says no more than whether it was valid. */
  rememberDone(request: Uint8Array, kind: number, now: Millis, valid = true): void {
    this.#push(request, kind, valid ? 1 : 0, 0, 0, now)
  }

  /** Whether what was asked was valid. */
  doneAnswer(slot: number): boolean {
    return this.ring.words[slot * SLOT_WORDS + 5] === 1
  }

  rememberChange(request: Uint8Array, valid: boolean, deadline: Millis, now: Millis): void {
    const high = Math.floor(deadline / TWO_32)
    this.#push(request, COMMAND_KINDS.changeInvisible, valid ? 1 : 0, high, deadline >>> 0, now)
  }

  rememberRecall(request: Uint8Array, now: Millis): void {
    this.#push(request, COMMAND_KINDS.recall, 1, 0, 0, now)
  }

  rememberAck(request: Uint8Array, valid: readonly boolean[], now: Millis): void {
    let kind: number = COMMAND_KINDS.ack
    let start = 0
    do {
      const count = start === 0 ? valid.length : 0
      this.#push(request, kind, count, bitsOf(valid, start), bitsOf(valid, start + 32), now)
      kind = KIND_CONTINUED
      start += BITS_PER_SLOT
    } while (start < valid.length)
  }

  /** The answer of an ack. */
  ackAnswer(slot: number): boolean[] {
    const { words, slotsMax } = this.ring
    const count = words[slot * SLOT_WORDS + 5] as number
    const valid: boolean[] = []
    for (let i = 0; i < count; i++) {
      const at = ((slot + Math.floor(i / BITS_PER_SLOT)) % slotsMax) * SLOT_WORDS
      const bits = words[at + (i % BITS_PER_SLOT < 32 ? 6 : 7)] as number
      valid.push(((bits >>> (i % 32)) & 1) === 1)
    }
    return valid
  }

  /** The answer of a change of the invisible time. */
  changeAnswer(slot: number): { readonly valid: boolean; readonly deadline: Millis } {
    const at = slot * SLOT_WORDS
    const { words } = this.ring
    const deadline = (words[at + 6] as number) * TWO_32 + (words[at + 7] as number)
    return { valid: words[at + 5] === 1, deadline: deadline as Millis }
  }

  /** What is inconsistent: for checks only, it walks. */
  faults(): string[] {
    const { ring } = this
    let requests = 0
    for (let sequence = ring.tail; sequence < ring.head; sequence++) {
      const slot = ring.slotOf(sequence)
      const indexed = ring.words[slot * SLOT_WORDS + 4] !== KIND_CONTINUED
      if (this.#index.has(slot) !== indexed) return ['the index knows every remembered request']
      if (indexed) requests++
    }
    return requests === this.#index.size ? [] : ['the index knows each remembered request once']
  }

  #push(request: Uint8Array, kind: number, count: number, first: number, second: number, now: Millis): void {
    const key = viewOf(request)
    const sequence = this.pushSlot(now)
    const { words } = this.ring
    const at = this.ring.wordAt(sequence)
    for (let word = 0; word < 4; word++) words[at + word] = key.getUint32(word * 4)
    words[at + 4] = kind
    words[at + 5] = count
    words[at + 6] = first
    words[at + 7] = second
    this.addToIndex(this.ring.slotOf(sequence))
  }

  protected override clearIndex(slots: number): void {
    this.#index = new SlotIndex(slots, (slot) => this.#hash(slot))
  }

  protected override addToIndex(slot: number): void {
    if (this.ring.words[slot * SLOT_WORDS + 4] !== KIND_CONTINUED) this.#index.insert(slot)
  }

  protected override removeFromIndex(slot: number): void {
    this.#index.remove(slot)
  }

  #hash(slot: number): number {
    const at = slot * SLOT_WORDS
    const { words } = this.ring
    return mixWords(
      words[at] as number,
      words[at + 1] as number,
      words[at + 2] as number,
      words[at + 3] as number,
    )
  }
}

/** 32 answers as bits, the first in the lowest. */
function bitsOf(valid: readonly boolean[], start: number): number {
  let bits = 0
  for (let i = 0; i < 32; i++) if (valid[start + i] === true) bits |= 1 << i
  return bits >>> 0
}
