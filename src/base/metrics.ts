/**
 * Counters and histograms that the hot path fills: an observation costs some nanoseconds and no memory. Who
 * shows them, and under which names, is decided elsewhere (`src/observe/prometheus.ts`).
 */
import { assert } from './assert.ts'

/** Only goes up. */
export class Counter {
  #value = 0

  get value(): number {
    return this.#value
  }

  add(count = 1): void {
    assert(count >= 0, 'a counter only goes up', { count })
    this.#value += count
  }
}

/** How often values were at most so large. */
export class Histogram {
  /** The upper ends of the buckets, rising. What is above the last is counted all the same. */
  readonly bounds: readonly number[]
  readonly #counts: Float64Array
  #sum = 0

  constructor(bounds: readonly number[]) {
    assert(
      bounds.every((bound, at) => at === 0 || bound > (bounds[at - 1] as number)),
      'bounds rise',
    )
    this.bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  /** The sum of all values. */
  get sum(): number {
    return this.#sum
  }

  observe(value: number): void {
    const { bounds } = this
    let at = 0
    while (at < bounds.length && value > (bounds[at] as number)) at++
    this.#counts[at] = (this.#counts[at] as number) + 1
    this.#sum += value
  }

  /** How many values were at most `bounds[at]`, for each bound, and at the end how many there were. */
  cumulative(): readonly number[] {
    let total = 0
    return Array.from(this.#counts, (count) => (total += count))
  }
}
