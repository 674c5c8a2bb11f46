/**
 * Log time: the stamp that a leader writes into its entries. It goes on from the last stamp of the log by the leader's
 * monotonic clock, steered by at most 10 % to the time that the clocks of a majority tell: no member's clock makes it
 * jump, run away or stand still. While no majority agrees it runs free. A leader that begins behind that time, since
 * nobody led for a while, and one that is far behind it, since all slept, goes on from there at once. Pure: the
 * readings are given.
 */
import { assert } from '../base/assert.ts'
import { millis, type Millis } from '../base/brand.ts'

/** How far log time may run faster or slower than the monotonic clock. */
const STEERING = 0.1
/** A leader that led all the time can be so far behind only if its machine slept. */
const SLEPT_MS = 60_000

export class LogClock {
  #now = 0
  #mono = 0
  /** It did not meet the agreed time in this term. */
  #isFresh = true

  /** A term begins: log time goes on from the last stamp in the log, or from the wall clock without one. */
  start(lastStamp: Millis, mono: number, wall: Millis): void {
    this.#now = lastStamp === 0 ? wall : lastStamp
    this.#mono = mono
    this.#isFresh = true
  }

  /** Log time at this reading of the monotonic clock, where `agreed` is the majority's time. Never goes back. */
  now(mono: number, agreed: number | undefined): Millis {
    assert(mono >= this.#mono, 'the monotonic clock never goes back', { mono, last: this.#mono })
    const elapsed = mono - this.#mono
    this.#mono = mono
    this.#now += elapsed
    if (agreed === undefined) return millis(this.#now)
    const behind = agreed - this.#now
    const catchesUp = behind > 0 && (this.#isFresh || behind > SLEPT_MS)
    this.#now += catchesUp ? behind : Math.max(-STEERING * elapsed, Math.min(STEERING * elapsed, behind))
    this.#isFresh = false
    return millis(this.#now)
  }
}
