/**
 * Tells the leader that clients live which this node answers by itself, at most every few seconds for each:
 * any call on any node proves life.
 */
import type { Clock } from '../base/ports.ts'
import type { Caller } from './caller.ts'

const TELL_EVERY_MS = 15_000
const CLIENTS_MAX = 50_000

/** Remembers whom the leader was told of, and when. */
export class SignsOfLife {
  readonly #clock: Clock
  readonly #tell: (caller: Caller) => void
  /** When the leader was last told, by client id. */
  #told = new Map<string, number>()

  constructor(clock: Clock, tell: (caller: Caller) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  seen(caller: Caller): void {
    const now = this.#clock.mono()
    const last = this.#told.get(caller.clientId)
    if (last !== undefined && now - last < TELL_EVERY_MS) return
    // Forgetting all is rare and only costs a call each.
    if (this.#told.size >= CLIENTS_MAX) this.#told = new Map()
    this.#told.set(caller.clientId, now)
    this.#tell(caller)
  }
}
