/**
 * The appends that were sent to one peer and are not answered: a window, limited by count and by bytes. A
 * ring, so that nothing is allocated for an append.
 */
import { assert } from '../base/assert.ts'
import type { LogIndex } from '../base/brand.ts'

/** The window of one peer. */
export class Inflights {
  readonly #countMax: number
  readonly #bytesMax: number
  // Rule: `lasts` grows strictly from `start` on.
  readonly #lasts: Float64Array
  readonly #sizes: Float64Array
  #start = 0
  #count = 0
  #bytes = 0

  constructor(countMax: number, bytesMax: number) {
    assert(countMax >= 1 && bytesMax >= 1, 'a window lets something through', { countMax, bytesMax })
    this.#countMax = countMax
    this.#bytesMax = bytesMax
    this.#lasts = new Float64Array(countMax)
    this.#sizes = new Float64Array(countMax)
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  /** May an append of this many bytes go out? An empty window lets any single one through. */
  hasRoom(bytes: number): boolean {
    if (this.#count === 0) return true
    return this.#count < this.#countMax && this.#bytes + bytes <= this.#bytesMax
  }

  /** An append that ends at `last` went out. */
  add(last: LogIndex, bytes: number): void {
    assert(this.hasRoom(bytes), 'the window has room', { count: this.#count, bytes: this.#bytes })
    assert(this.#count === 0 || this.#lastAt(this.#count - 1) < last, 'appends go out in order', { last })
    const slot = (this.#start + this.#count) % this.#countMax
    this.#lasts[slot] = last
    this.#sizes[slot] = bytes
    this.#count++
    this.#bytes += bytes
  }

  /** Everything up to `index` was answered. */
  freeTo(index: LogIndex): void {
    while (this.#count > 0 && this.#lastAt(0) <= index) {
      this.#bytes -= this.#sizes[this.#start] ?? 0
      this.#start = (this.#start + 1) % this.#countMax
      this.#count--
    }
    assert(this.#count > 0 || this.#bytes === 0, 'an empty window holds no bytes')
  }

  /** Forgets all: what was sent is taken for lost. */
  clear(): void {
    this.#start = 0
    this.#count = 0
    this.#bytes = 0
  }

  #lastAt(position: number): number {
    return this.#lasts[(this.#start + position) % this.#countMax] ?? 0
  }
}
