/**
 * The rule for a disk that failed under Raft state: the first failure ends everything. Nothing is retried,
 * since a failed fsync marks the lost pages clean, and nothing more is acknowledged.
 */
import { InvariantError } from '../base/assert.ts'
import { BrokerError, messageOf } from '../base/errors.ts'

/** Lets work through until the first failure, and nothing after it. */
export class FailStop {
  readonly #what: string
  readonly #onFailure: ((error: BrokerError) => void) | undefined
  #failure: BrokerError | undefined

  /** `what` names the store in errors. `onFailure` is called once. */
  constructor(what: string, onFailure?: (error: BrokerError) => void) {
    this.#what = what
    this.#onFailure = onFailure
  }

  get failed(): boolean {
    return this.#failure !== undefined
  }

  /** Throws STORAGE_FAILED when something failed before. */
  check(): void {
    if (this.#failure === undefined) return
    throw new BrokerError('STORAGE_FAILED', this.#failure.message, { cause: this.#failure })
  }

  /**
   * Records a failure of `doing` and returns the error to throw: its outcome is `unknown`, since the bytes
   * may be on the disk. Our own broken rules pass through as they are.
   */
  fail(doing: string, cause: unknown): Error {
    if (cause instanceof InvariantError) return cause
    const message = `${this.#what} stopped for good because ${doing} failed: ${messageOf(cause)}`
    const error = new BrokerError('STORAGE_FAILED', message, { outcome: 'unknown', cause })
    if (this.#failure === undefined) {
      this.#failure = error
      this.#onFailure?.(error)
    }
    return error
  }
}
