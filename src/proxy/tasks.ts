/** Owns what the facade does beside answering calls, so that no promise floats. */
import { BrokerError } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'

/** Holds each promise until it is settled. */
export class Tasks {
  readonly #logger: Logger
  readonly #running = new Set<Promise<void>>()

  constructor(logger: Logger) {
    this.#logger = logger
  }

  get size(): number {
    return this.#running.size
  }

  /** Takes over a promise whose failure nobody is told of: `phrase` is logged with it. */
  add(work: Promise<unknown>, phrase: string): void {
    const task = work.then(
      () => undefined,
      (error: unknown) => {
        if (!(error instanceof BrokerError)) throw error
        this.#logger.debug({ code: error.code, outcome: error.outcome, error: error.message }, phrase)
      },
    )
    this.#running.add(task)
    void task.finally(() => this.#running.delete(task))
  }

  /** Resolves when everything that was added is over. */
  async idle(): Promise<void> {
    await Promise.all(this.#running)
  }
}
