/** Work that the leader does every so often, one round at a time: a round that fails is said and done again later. */
import { messageOf } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'

export interface LeaderRoundsOptions {
  /** From the end of one round to the next. */
  readonly everyMs: number
  readonly round: () => Promise<void>
  /** What is logged when a round fails. */
  readonly phrase: string
  readonly clock: Clock
  readonly logger: Logger
}

export class LeaderRounds {
  readonly #options: LeaderRoundsOptions
  #cancelTimer: () => void = () => undefined
  #running = false
  #working = false

  constructor(options: LeaderRoundsOptions) {
    this.#options = options
  }

  /** This member leads from now on. */
  start(): void {
    this.#running = true
    this.#sleep()
  }

  /** A round that is under way ends by itself. */
  stop(): void {
    this.#running = false
    this.#cancelTimer()
  }

  #sleep(): void {
    const { clock, everyMs } = this.#options
    this.#cancelTimer()
    if (this.#running) this.#cancelTimer = clock.timer(everyMs, () => this.#wake())
  }

  #wake(): void {
    if (this.#working) return
    this.#working = true
    const { round, logger, phrase } = this.#options
    round()
      .catch((error: unknown) => logger.warn({ error: messageOf(error) }, phrase))
      .finally(() => {
        this.#working = false
        this.#sleep()
      })
  }
}
