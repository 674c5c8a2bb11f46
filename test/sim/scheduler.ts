/**
 * Simulated time for asynchronous code: events in the order of their times, and after each event everything
 * that follows from it without time passing. Promises are resolved by events alone, so the same events give
 * the same story, whatever the machine below does.
 */
import { assert } from '../../src/base/assert.ts'
import { Heap } from './heap.ts'

/** Events of one time keep the order in which they were added, as long as fewer than this wait. */
const SAME_TIME_MAX = 2 ** 20
/** Turns of the event loop asked for at once. Microtasks run between any two of them. */
const TURNS = 32

/** Time in microseconds, and what will happen. */
export class Scheduler {
  readonly #events = new Heap<() => void>()
  #added = 0
  #now = 0
  #failure: { readonly error: unknown } | null = null

  /** Microseconds since the start. */
  get now(): number {
    return this.#now
  }

  /** Runs `run` at `time`, or now if that has passed, after what was added for the same time before. */
  at(time: number, run: () => void): void {
    const when = Math.max(Math.ceil(time), this.#now)
    this.#events.push(when * SAME_TIME_MAX + (this.#added++ % SAME_TIME_MAX), run)
  }

  /** Ends the run under way: `runTo` rejects with `error`. The first one counts. */
  fail(error: unknown): void {
    this.#failure ??= { error }
  }

  /** Lets everything happen up to a time. Rejects with what an event throws or `fail` was told. */
  runTo(end: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let turnsLeft = 0
      let isDone = false
      const turn = (): void => {
        turnsLeft--
        if (isDone) return
        if (this.#failure === null && this.#runNext(end)) {
          if (turnsLeft === 0) ask()
          return
        }
        isDone = true
        if (this.#failure === null) resolve()
        else reject(this.#failure.error as Error)
      }
      const ask = (): void => {
        turnsLeft = TURNS
        for (let i = 0; i < TURNS; i++) setImmediate(turn)
      }
      ask()
    })
  }

  #runNext(end: number): boolean {
    const key = this.#events.peekKey()
    const when = key === undefined ? Number.POSITIVE_INFINITY : Math.floor(key / SAME_TIME_MAX)
    if (when > end) {
      this.#now = end
      return false
    }
    assert(when >= this.#now, 'time goes on', { when, now: this.#now })
    this.#now = when
    try {
      this.#events.pop()?.()
    } catch (error) {
      this.fail(error)
    }
    return true
  }
}
