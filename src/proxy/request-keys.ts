/** Makes the keys by which repeats of one call are known: random for the process, then counted. */
import { randomBytes } from 'node:crypto'
import { REQUEST_KEY_BYTES } from './call-head.ts'

const COUNTER_BYTES = 6
const COUNTER_AT = REQUEST_KEY_BYTES - COUNTER_BYTES

/** One for each process. */
export class RequestKeys {
  readonly #prefix = randomBytes(COUNTER_AT)
  #count = 0

  /** 16 bytes that no other call has. */
  next(): Uint8Array {
    const key = Buffer.allocUnsafe(REQUEST_KEY_BYTES)
    key.set(this.#prefix)
    this.#count += 1
    key.writeUIntBE(this.#count, COUNTER_AT, COUNTER_BYTES)
    return key
  }
}
