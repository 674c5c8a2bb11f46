/** A clock that goes on only when a test says so. */
import { type Millis, millis } from '../../src/base/brand.ts'
import type { Clock } from '../../src/base/ports.ts'

export class GivenClock implements Clock {
  #now = 0
  #timers: { readonly at: number; readonly run: () => void }[] = []

  mono(): number {
    return this.#now
  }

  wall(): Millis {
    return millis(this.#now)
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.timer(ms, resolve)
    })
  }

  timer(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Lets what is ready run, goes on by `ms`, and lets what became due run. */
  async pass(ms: number): Promise<void> {
    await settled()
    this.#now += ms
    const due = this.#timers.filter(({ at }) => at <= this.#now)
    this.#timers = this.#timers.filter(({ at }) => at > this.#now)
    for (const { run } of due) run()
    await settled()
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
