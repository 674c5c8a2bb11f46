/** Makes the keys by which repeats of one call are known: random for the process, then counted. */
import { randomBytes } from 'node:crypto'
import { setUint64, viewOf } from '../base/bytes.ts'
import { REQUEST_KEY_BYTES } from './call-head.ts'

const COUNTER_AT = REQUEST_KEY_BYTES - 8

export class RequestKeys {
  readonly #prefix = randomBytes(COUNTER_AT)
  #count = 0

  /** 16 bytes that no other call has. */
  next(): Uint8Array {
    const key = new Uint8Array(REQUEST_KEY_BYTES)
    key.set(this.#prefix)
    this.#count += 1
    setUint64(viewOf(key), COUNTER_AT, this.#count)
    return key
  }
}
