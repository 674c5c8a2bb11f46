/**
 * The timers that are due next, of all that the table holds: what a leader keeps in memory of them. Pure.
 */
import type { Millis } from '../base/brand.ts'
import { ClaimHeap } from './machine/claim-heap.ts'
import type { Timer, TimerName } from './machine/commands.ts'

/** The window is cut back to this many when it has twice as many. */
export const WINDOW_TIMERS = 4096

/** Behind every timer. */
const NO_END: TimerName = { id: Number.POSITIVE_INFINITY, dueMs: Number.POSITIVE_INFINITY as Millis }

class Waiting {
  readonly timer: Timer
  readonly turn = 0
  gone = false

  constructor(timer: Timer) {
    this.timer = timer
  }

  get visibleAt(): number {
    return this.timer.dueMs
  }

  get offset(): number {
    return this.timer.id
  }
}

export class TimerWindow {
  /** Every timer before it, in the order of due time and number, is in the window. */
  end: TimerName = { id: 0, dueMs: 0 as Millis }
  #heap = new ClaimHeap<Waiting>()
  #byId = new Map<number, Waiting>()

  get size(): number {
    return this.#byId.size
  }

  /** All timers are in the window. */
  get isWhole(): boolean {
    return this.end.id === NO_END.id
  }

  /** When the earliest timer is due; `undefined` without one. */
  get nextDue(): Millis | undefined {
    return this.#heap.peek()?.timer.dueMs
  }

  /** Takes a timer that is new or has changed, if it belongs into the window. */
  add(timer: Timer): void {
    if (!isBefore(timer, this.end)) return
    const known = this.#byId.get(timer.id)
    if (known !== undefined) known.gone = true
    const waiting = new Waiting(timer)
    this.#byId.set(timer.id, waiting)
    this.#heap.push(waiting)
    if (this.#byId.size >= 2 * WINDOW_TIMERS) this.#cut()
  }

  /** Takes what the table holds from `end` on, in order. `isAll`: nothing comes after it. */
  extend(timers: readonly Timer[], isAll: boolean): void {
    const last = timers.at(-1)
    if (isAll) this.end = NO_END
    else if (last !== undefined) this.end = { id: last.id + 1, dueMs: last.dueMs }
    for (const timer of timers) if (!this.#byId.has(timer.id)) this.add(timer)
  }

  /** Takes out at most `max` timers that are due at `now`, the earliest first. */
  takeDue(now: Millis, max: number): Timer[] {
    const due: Timer[] = []
    while (due.length < max) {
      const waiting = this.#heap.peek()
      if (waiting === undefined || waiting.timer.dueMs > now) break
      this.#heap.pop()
      this.#byId.delete(waiting.timer.id)
      due.push(waiting.timer)
    }
    return due
  }

  /** Keeps the earliest. */
  #cut(): void {
    const kept = this.takeDue(Number.POSITIVE_INFINITY as Millis, WINDOW_TIMERS)
    const next = this.#heap.peek()
    if (next !== undefined) this.end = { id: next.timer.id, dueMs: next.timer.dueMs }
    this.#heap = new ClaimHeap<Waiting>()
    this.#byId = new Map()
    for (const timer of kept) this.add(timer)
  }
}

function isBefore(timer: Timer, end: TimerName): boolean {
  return timer.dueMs < end.dueMs || (timer.dueMs === end.dueMs && timer.id < end.id)
}
