/** Makes the keys by which repeats of one call are known: random for the process, then counted. */
import { randomBytes } from 'node:crypto'
import { PROCESS_BYTES } from '../broker/process-liveness.ts'
import { REQUEST_KEY_BYTES } from './call-head.ts'

const COUNTER_BYTES = REQUEST_KEY_BYTES - PROCESS_BYTES

/** One for each process. */
export class RequestKeys {
  readonly #prefix = randomBytes(PROCESS_BYTES)
  #count = 0

  /** 16 bytes that no other call has. */
  next(): Uint8Array {
    const key = Buffer.allocUnsafe(REQUEST_KEY_BYTES)
    key.set(this.#prefix)
    this.#count += 1
    key.writeUIntBE(this.#count, PROCESS_BYTES, COUNTER_BYTES)
    return key
  }
}
