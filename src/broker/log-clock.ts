/**
 * Log time: the stamp that a leader writes into its entries. It goes on from the last stamp of the log by the
 * leader's monotonic clock and is steered to the wall clock by at most 10 %, so that no clock makes it jump or
 * stand still, and time without a leader does not count. Pure: the readings are given.
 */
import { assert } from '../base/assert.ts'
import { millis, type Millis } from '../base/brand.ts'

/** How far log time may run faster or slower than the monotonic clock. */
const STEERING = 0.1

export class LogClock {
  #now = 0
  #mono = 0

  /** A term begins: log time goes on from the last stamp in the log, or from the wall clock without one. */
  start(lastStamp: Millis, mono: number, wall: Millis): void {
    this.#now = lastStamp === 0 ? wall : lastStamp
    this.#mono = mono
  }

  /** Log time at these clock readings. Never goes back. */
  now(mono: number, wall: Millis): Millis {
    assert(mono >= this.#mono, 'the monotonic clock never goes back', { mono, last: this.#mono })
    const elapsed = mono - this.#mono
    const unsteered = this.#now + elapsed
    const correction = Math.max(-STEERING * elapsed, Math.min(STEERING * elapsed, wall - unsteered))
    this.#mono = mono
    this.#now = unsteered + correction
    return millis(this.#now)
  }
}
