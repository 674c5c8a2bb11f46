/** Readers at the end of a ledger, who wait for its next change. */
import type { LedgerId } from './machine/commands.ts'

export class TailWatch {
  readonly #waiting = new Map<LedgerId, Set<() => void>>()

  /** Resolves when the ledger changes next, or the signal aborts. */
  next(id: LedgerId, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const waiting = this.#waiting.get(id) ?? new Set()
      const done = (): void => {
        signal.removeEventListener('abort', done)
        waiting.delete(done)
        if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id)
        resolve()
      }
      this.#waiting.set(id, waiting)
      waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  /** These ledgers got or lost entries. */
  changed(ids: ReadonlySet<LedgerId>): void {
    for (const id of ids) for (const wake of this.#waiting.get(id) ?? []) wake()
  }
}
