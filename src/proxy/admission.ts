/** A bound on the requests that are under way, by number and by bytes. Pure. */
import { assert } from '../base/assert.ts'
import { BrokerError } from '../base/errors.ts'

/** Counts what is let in and what leaves. Each kind of call has its own, so that none locks out another. */
export class Admission {
  readonly #countMax: number
  readonly #bytesMax: number
  #count = 0
  #bytes = 0

  constructor(countMax: number, bytesMax: number) {
    this.#countMax = countMax
    this.#bytesMax = bytesMax
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Lets a request of so many bytes in. Throws BUSY, outcome none, when that were too much. */
  enter(bytes: number): void {
    if (this.#count >= this.#countMax || this.#bytes + bytes > this.#bytesMax) {
      throw new BrokerError('BUSY', 'flow limit: too many requests are waiting, try again later')
    }
    this.#count += 1
    this.#bytes += bytes
  }

  /** A request that was let in is done. */
  leave(bytes: number): void {
    this.#count -= 1
    this.#bytes -= bytes
    assert(this.#count >= 0 && this.#bytes >= 0, 'only requests that were let in leave')
  }
}
