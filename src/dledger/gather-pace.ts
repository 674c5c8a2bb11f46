/**
 * When a leader may make the next entry. An entry costs every member about the same, however much it holds, so
 * on a busy leader what little waits may wait for more. A command that comes alone never waits.
 */
import { ENTRY_BYTES_TARGET } from '../base/limits.ts'
import type { Clock } from '../base/ports.ts'

/** Entries with little in them are at least this far apart. */
const APART_MS = 1
/** So much waiting is enough for an entry at any time. */
const ENOUGH_BYTES = ENTRY_BYTES_TARGET / 4

export class GatherPace {
  readonly #clock: Clock
  readonly #wake: () => void
  #lastMono = Number.NEGATIVE_INFINITY
  #cancelTimer: (() => void) | null = null

  /** `wake` is called when what was told to wait may go. */
  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock
    this.#wake = wake
  }

  /** Whether an entry may be made now of what waits; if so, it counts as made. */
  mayGather(waitingBytes: number): boolean {
    const now = this.#clock.mono()
    const left = this.#lastMono + APART_MS - now
    if (left <= 0 || waitingBytes >= ENOUGH_BYTES) {
      this.#lastMono = now
      return true
    }
    this.#cancelTimer ??= this.#clock.timer(left, () => {
      this.#cancelTimer = null
      this.#wake()
    })
    return false
  }

  stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }
}
