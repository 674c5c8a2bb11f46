/** Time that stands still until the test moves it, and a logger that keeps what it is told. */
import { type Millis, millis } from '../../src/base/brand.ts'
import type { Clock, Logger } from '../../src/base/ports.ts'

export class ManualClock implements Clock {
  #now = 0
  #timers: { readonly at: number; readonly run: () => void }[] = []

  mono(): number {
    return this.#now
  }

  wall(): Millis {
    return millis(1_700_000_000_000 + this.#now)
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
  }

  timer(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.length
  }

  /** Moves the time and runs what is due, oldest first. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter((other) => other !== due)
      this.#now = Math.max(this.#now, due.at)
      due.run()
    }
    this.#now = end
  }
}

/** Lets everything that needs no time happen: all pending promises of simulated disks. */
export async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
}

/** Keeps the phrases of warnings and errors. */
export class QuietLogger implements Logger {
  readonly phrases: string[] = []

  debug(): void {}

  info(): void {}

  warn(_facts: Readonly<Record<string, unknown>>, phrase: string): void {
    this.phrases.push(phrase)
  }

  error(_facts: Readonly<Record<string, unknown>>, phrase: string): void {
    this.phrases.push(phrase)
  }

  child(): Logger {
    return this
  }
}
