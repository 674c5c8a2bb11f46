/**
 * Which clients live, as the leader knows it: any call of a client on any node counts. A new leader has
 * heard of nobody yet and counts everybody as alive for a while.
 */
import { createHash } from 'node:crypto'
import { LEADER_GRACE_MS } from '../base/limits.ts'

/** A client that was silent for this long is taken for gone: its claims are no longer renewed. */
const CLIENT_ALIVE_MS = 60_000
/** Forgotten clients are swept out when the table reaches this size. */
const CLIENTS_MAX = 100_000

export class ClientLiveness {
  readonly #lastSeen = new Map<string, number>()
  /** Keys of clients by their id, since hashing an id costs more than a call's whole share of liveness. */
  readonly #keys = new Map<string, string>()
  #graceUntil = 0

  /** A term of this leader begins at the given monotonic time. */
  start(mono: number): void {
    this.#lastSeen.clear()
    this.#graceUntil = mono + LEADER_GRACE_MS
  }

  seen(clientId: string, mono: number): void {
    this.#lastSeen.set(this.#keyOf(clientId), mono)
    if (this.#lastSeen.size > CLIENTS_MAX) this.#sweep(mono)
  }

  /** The client said goodbye: not alive, whatever the grace. */
  ended(clientId: string): void {
    this.#lastSeen.set(this.#keyOf(clientId), Number.NEGATIVE_INFINITY)
  }

  isAlive(client: Uint8Array, mono: number): boolean {
    const last = this.#lastSeen.get(keyText(client))
    if (last === undefined) return mono < this.#graceUntil
    return mono - last < CLIENT_ALIVE_MS
  }

  #keyOf(clientId: string): string {
    const known = this.#keys.get(clientId)
    if (known !== undefined) return known
    if (this.#keys.size >= CLIENTS_MAX) this.#keys.clear()
    const key = keyText(clientHash(clientId))
    this.#keys.set(clientId, key)
    return key
  }

  #sweep(mono: number): void {
    for (const [key, last] of this.#lastSeen) {
      if (mono - last > CLIENT_ALIVE_MS) this.#lastSeen.delete(key)
    }
  }
}

/** The 8 bytes by which the log knows a client. */
export function clientHash(clientId: string): Uint8Array {
  return createHash('sha256').update(clientId).digest().subarray(0, 8)
}

function keyText(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('latin1')
}
