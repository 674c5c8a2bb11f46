/**
 * A heap of claims by the time they become visible. A claim that moves is pushed again and its old entry
 * is dropped later, when it comes up or when half of the heap is old.
 */

/** What the heap needs to know of a claim. */
export interface Timed {
  readonly visibleAt: number
  readonly offset: number
  /** Counts how often the claim moved: an entry of an earlier turn is old. */
  readonly turn: number
  /** The claim ended. */
  readonly gone: boolean
}

const COMPACT_AT_MIN = 64

/** Smallest `visibleAt` first, among equal ones the smallest offset. */
export class ClaimHeap<T extends Timed> {
  #claims: T[] = []
  #turns: number[] = []
  #keys: number[] = []
  #compactAt = COMPACT_AT_MIN

  /** How many entries there are, old ones included. */
  get size(): number {
    return this.#keys.length
  }

  /** Adds a claim that is new or has just moved. */
  push(claim: T): void {
    if (this.#keys.length >= this.#compactAt) this.#compact()
    this.#rise(this.#keys.length, claim, claim.turn, claim.visibleAt)
  }

  /** The claim that becomes visible first. */
  peek(): T | undefined {
    this.#dropOld()
    return this.#claims[0]
  }

  /** Takes out the claim that becomes visible first. */
  pop(): T | undefined {
    this.#dropOld()
    return this.#removeTop()
  }

  /** Takes out up to `max` claims that are visible at `time`, earliest first. */
  popUntil(time: number, max: number): T[] {
    const claims: T[] = []
    while (claims.length < max) {
      const top = this.peek()
      if (top === undefined || top.visibleAt > time) break
      this.#removeTop()
      claims.push(top)
    }
    return claims
  }

  /** Whether the claim can still come up: for checks only, it walks. */
  has(claim: T): boolean {
    return this.#claims.some((other, at) => other === claim && this.#turns[at] === claim.turn)
  }

  #dropOld(): void {
    for (;;) {
      const top = this.#claims[0]
      if (top === undefined || !isOld(top, this.#turns[0] as number)) return
      this.#removeTop()
    }
  }

  #removeTop(): T | undefined {
    const top = this.#claims[0]
    const claim = this.#claims.pop()
    const turn = this.#turns.pop()
    const key = this.#keys.pop()
    if (claim !== undefined && this.#keys.length > 0) this.#sink(claim, turn as number, key as number)
    return top
  }

  /** Throws old entries away. Costs nothing on average: it runs when the heap has doubled. */
  #compact(): void {
    const claims = this.#claims
    const turns = this.#turns
    this.#claims = []
    this.#turns = []
    this.#keys = []
    for (let at = 0; at < claims.length; at++) {
      const claim = claims[at] as T
      const turn = turns[at] as number
      if (!isOld(claim, turn)) this.#rise(this.#keys.length, claim, turn, claim.visibleAt)
    }
    this.#compactAt = Math.max(COMPACT_AT_MIN, 2 * this.#keys.length)
  }

  #set(at: number, claim: T, turn: number, key: number): void {
    this.#claims[at] = claim
    this.#turns[at] = turn
    this.#keys[at] = key
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#claims[from] as T, this.#turns[from] as number, this.#keys[from] as number)
  }

  #rise(from: number, claim: T, turn: number, key: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isBefore(key, claim.offset, parent)) break
      this.#move(parent, at)
      at = parent
    }
    this.#set(at, claim, turn, key)
  }

  #sink(claim: T, turn: number, key: number): void {
    const size = this.#keys.length
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && this.#isBefore(this.#keyAt(child + 1), this.#offsetAt(child + 1), child))
        child++
      if (this.#isBefore(key, claim.offset, child)) break
      this.#move(child, at)
      at = child
    }
    this.#set(at, claim, turn, key)
  }

  #keyAt(at: number): number {
    return this.#keys[at] as number
  }

  #offsetAt(at: number): number {
    return (this.#claims[at] as T).offset
  }

  #isBefore(key: number, offset: number, other: number): boolean {
    const otherKey = this.#keyAt(other)
    return key < otherKey || (key === otherKey && offset < this.#offsetAt(other))
  }
}

function isOld(claim: Timed, turn: number): boolean {
  return claim.gone || claim.turn !== turn
}
