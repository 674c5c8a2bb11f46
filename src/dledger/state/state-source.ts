/**
 * The states that this member gives away. One is held at a time and shared by all who need one; it goes when nobody
 * asked for it for a while.
 */
import type { LogIndex } from '../../base/brand.ts'
import { BrokerError } from '../../base/errors.ts'
import type { Clock } from '../../base/ports.ts'
import type { FrozenState } from './frozen-state.ts'
import { readPage } from './row-pages.ts'
import type { RowsAsked } from './state-calls.ts'
import type { StateHead } from './state-head.ts'

/** A state that nobody asks for is let go after this long. */
const IDLE_MS = 60_000

export interface StateSourceOptions {
  readonly freeze: () => Promise<FrozenState>
  readonly clock: Clock
}

export class StateSource {
  readonly #options: StateSourceOptions
  #held: FrozenState | null = null
  #freezing: Promise<FrozenState> | null = null
  #askedAt = 0
  #cancelTimer: (() => void) | null = null
  #closed = false

  constructor(options: StateSourceOptions) {
    this.#options = options
  }

  /** The head of a state at `needed` or later. */
  async atLeast(needed: LogIndex): Promise<StateHead> {
    this.#asked()
    if (this.#held !== null && this.#held.head.index < needed) await this.#letGo()
    if (this.#held !== null) return this.#held.head
    this.#freezing ??= this.#freeze().finally(() => {
      this.#freezing = null
    })
    return (await this.#freezing).head
  }

  /** A page of rows. Rejects with CANCELLED when the state is not held any more. */
  async rows({ index, after, bytesMax }: RowsAsked): Promise<Uint8Array> {
    const held = this.#held
    if (held === null || held.head.index !== index) {
      throw new BrokerError('CANCELLED', `The state at entry ${index} is not held here any more.`)
    }
    this.#asked()
    return readPage(held.rows, after, bytesMax)
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelTimer?.()
    this.#cancelTimer = null
    await this.#freezing?.catch(() => undefined)
    await this.#letGo()
  }

  async #freeze(): Promise<FrozenState> {
    const state = await this.#options.freeze()
    if (this.#closed) {
      await state.release()
      throw new BrokerError('CLOSED', 'the member stops')
    }
    this.#held = state
    return state
  }

  async #letGo(): Promise<void> {
    const held = this.#held
    this.#held = null
    await held?.release()
  }

  #asked(): void {
    const { clock } = this.#options
    this.#askedAt = clock.mono()
    if (this.#cancelTimer !== null || this.#closed) return
    const look = (): void => {
      this.#cancelTimer = null
      if (clock.mono() - this.#askedAt >= IDLE_MS) void this.#letGo()
      else this.#cancelTimer = clock.timer(IDLE_MS / 4, look)
    }
    this.#cancelTimer = clock.timer(IDLE_MS / 4, look)
  }
}
