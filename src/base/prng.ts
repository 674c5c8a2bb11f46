/**
 * A small seeded generator (sfc32). The same seed gives the same numbers for ever, which the simulator and
 * every replay stand on. Not for secrets.
 */

export class Prng {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = Math.trunc(seed / 0x1_0000_0000) | 0
    this.#c = 0x9e3779b9 | 0
    for (let i = 0; i < 12; i++) this.uint32()
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + t) | 0
    return t >>> 0
  }

  /** A number in [0, 1). */
  fraction(): number {
    return this.uint32() / 0x1_0000_0000
  }

  /** A whole number in [start, end). */
  below(end: number, start = 0): number {
    return start + Math.floor(this.fraction() * (end - start))
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  /** A generator of its own, so that one part's draws do not move another's. */
  split(): Prng {
    return new Prng(this.uint32() * 0x10_0000 + (this.uint32() & 0xfffff))
  }
}
