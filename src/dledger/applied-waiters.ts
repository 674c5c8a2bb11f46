/** Callers that wait until this member has applied an entry. */
import type { LogIndex } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'

interface Waiter {
  readonly index: LogIndex
  readonly resolve: () => void
}

export class AppliedWaiters {
  #waiters: Waiter[] = []

  /** Resolves when the entry is applied; rejects with TIMEOUT, its outcome unknown, when the signal aborts. */
  wait(index: LogIndex, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        index,
        resolve: () => {
          signal.removeEventListener('abort', giveUp)
          resolve()
        },
      }
      const giveUp = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter)
        reject(new BrokerError('TIMEOUT', 'the entry was not applied in time', { outcome: 'unknown' }))
      }
      if (signal.aborted) return giveUp()
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiters.push(waiter)
    })
  }

  /** Everything up to `applied` is applied. */
  advanced(applied: LogIndex): void {
    if (this.#waiters.length === 0) return
    const due = this.#waiters.filter((waiter) => waiter.index <= applied)
    this.#waiters = this.#waiters.filter((waiter) => waiter.index > applied)
    for (const waiter of due) waiter.resolve()
  }
}
