/** The clock of one life of a simulated member: it may run fast or slow, and its wall time may jump. */
import { millis, type Millis } from '../../src/base/brand.ts'
import type { Clock } from '../../src/base/ports.ts'
import type { Scheduler } from './scheduler.ts'

const WALL_START_MS = 1_700_000_000_000

/** Ends with its life: no timer fires after that, and nobody who sleeps wakes. */
export class MemberClock implements Clock {
  readonly #scheduler: Scheduler
  readonly #start: number
  /** Milliseconds of this clock in one of true time. */
  readonly #rate: number
  #isOver = false
  /** How far the wall clock is off. */
  wallOffsetMs = 0

  constructor(scheduler: Scheduler, rate: number) {
    this.#scheduler = scheduler
    this.#start = scheduler.now
    this.#rate = rate
  }

  mono(): number {
    return ((this.#scheduler.now - this.#start) / 1000) * this.#rate
  }

  wall(): Millis {
    return millis(WALL_START_MS + Math.floor(this.#scheduler.now / 1000) + this.wallOffsetMs)
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        cancel()
        reject(signal.reason as Error)
      }
      const cancel = this.timer(ms, () => {
        signal.removeEventListener('abort', abort)
        resolve()
      })
      signal.addEventListener('abort', abort, { once: true })
    })
    signal.throwIfAborted()
  }

  timer(ms: number, run: () => void): () => void {
    let isOff = false
    this.#scheduler.at(this.#scheduler.now + (ms / this.#rate) * 1000, () => {
      if (!isOff && !this.#isOver) run()
    })
    return () => {
      isOff = true
    }
  }

  /** The process is no more. */
  end(): void {
    this.#isOver = true
  }
}
