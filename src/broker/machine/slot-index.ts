/**
 * An open-addressed index from hashes to slots of a ring. It holds slot numbers only; the owner compares
 * what stands in the slots.
 */
import { assert } from '../../base/assert.ts'

/** Room for a number of slots, at half load. */
export class SlotIndex {
  readonly #hashOf: (slot: number) => number
  /** Slot + 1, 0 when empty. */
  #table: Int32Array
  #mask: number
  size = 0

  /** `slots` is a power of two; `hashOf` gives the hash of a slot that is in the index. */
  constructor(slots: number, hashOf: (slot: number) => number) {
    this.#hashOf = hashOf
    this.#table = new Int32Array(slots * 2)
    this.#mask = slots * 2 - 1
  }

  /** Where to look first for a hash. Go on with `after` while `slotAt` is not negative. */
  start(hash: number): number {
    return hash & this.#mask
  }

  after(at: number): number {
    return (at + 1) & this.#mask
  }

  /** The slot in a place of the index, -1 when the search ends there. */
  slotAt(at: number): number {
    return (this.#table[at] as number) - 1
  }

  insert(slot: number): void {
    assert(this.size * 2 <= this.#mask, 'the index has room')
    let at = this.start(this.#hashOf(slot))
    while (this.#table[at] !== 0) at = this.after(at)
    this.#table[at] = slot + 1
    this.size++
  }

  /** Puts another slot in a place that holds one with the same hash. */
  replace(at: number, slot: number): void {
    this.#table[at] = slot + 1
  }

  /** Whether a slot is in the index. */
  has(slot: number): boolean {
    let at = this.start(this.#hashOf(slot))
    while (this.#table[at] !== 0 && this.#table[at] !== slot + 1) at = this.after(at)
    return this.#table[at] === slot + 1
  }

  /** Takes a slot out; does nothing when it is not there. Others of the same run move up. */
  remove(slot: number): void {
    let hole = this.start(this.#hashOf(slot))
    while (this.#table[hole] !== slot + 1) {
      if (this.#table[hole] === 0) return
      hole = this.after(hole)
    }
    for (let at = this.after(hole); this.#table[at] !== 0; at = this.after(at)) {
      const home = this.#hashOf((this.#table[at] as number) - 1) & this.#mask
      if (((at - home) & this.#mask) < ((at - hole) & this.#mask)) continue
      this.#table[hole] = this.#table[at] as number
      hole = at
    }
    this.#table[hole] = 0
    this.size--
  }
}
