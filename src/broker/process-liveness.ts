/**
 * Which processes bring calls to the leader. Every facade marks the requests of its process alike, so the log
 * knows through which one a claim went out. When that one is gone, its answer may never have reached the
 * client, however alive the client is: such a claim is left to end by time. A new leader has heard of nobody
 * yet and counts every process as alive for a while.
 */
import { randomFillSync } from 'node:crypto'
import { RENEW_BELOW_MS, RENEW_MS } from '../base/limits.ts'
import { assert } from '../base/assert.ts'

/** A request key begins with so many bytes that its process has drawn for all its keys. */
export const PROCESS_BYTES = 10
/**
 * A process that was silent for this long is taken for gone. Consumers poll every 20 s and beat every 30 s at
 * the slowest, and a claim whose process died with it must be out of this time when it could first be renewed.
 */
const PROCESS_ALIVE_MS = 35_000
/** Forgotten processes are swept out when the table reaches this size. */
const PROCESSES_MAX = 1_000
/** Keys that are counted never have it. */
const DRAWN_BIT = 0x80

assert(PROCESS_ALIVE_MS < RENEW_MS - RENEW_BELOW_MS, 'no claim of a process that died with it is renewed')

export class ProcessLiveness {
  readonly #lastSeen = new Map<string, number>()
  #graceUntil = 0

  /** A term of this leader begins at the given monotonic time. */
  start(mono: number): void {
    this.#lastSeen.clear()
    this.#graceUntil = mono + PROCESS_ALIVE_MS
  }

  /** A call under this request key came in. */
  seen(requestKey: Uint8Array, mono: number): void {
    this.#lastSeen.set(processOf(requestKey), mono)
    if (this.#lastSeen.size > PROCESSES_MAX) this.#sweep(mono)
  }

  /** Whether the process that made the request still brings calls. */
  isAlive(requestKey: Uint8Array, mono: number): boolean {
    const last = this.#lastSeen.get(processOf(requestKey))
    if (last === undefined) return mono < this.#graceUntil
    return mono - last < PROCESS_ALIVE_MS
  }

  #sweep(mono: number): void {
    for (const [key, last] of this.#lastSeen) {
      if (mono - last >= PROCESS_ALIVE_MS) this.#lastSeen.delete(key)
    }
  }
}

/** A key of the same process that stands for no call. */
export function keyBeside(requestKey: Uint8Array): Uint8Array {
  const key = Buffer.from(requestKey)
  randomFillSync(key, PROCESS_BYTES)
  key[PROCESS_BYTES] = (key[PROCESS_BYTES] ?? 0) | DRAWN_BIT
  return key
}

function processOf(requestKey: Uint8Array): string {
  return Buffer.from(requestKey.buffer, requestKey.byteOffset, PROCESS_BYTES).toString('latin1')
}
