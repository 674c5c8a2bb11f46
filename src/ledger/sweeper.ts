/** Lets entries go that are over by age, also in ledgers that nobody appends to: by a command of the leader. */
import type { Millis } from '../base/brand.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { LedgerLog } from './ledger-log.ts'
import { encodeLedgerCommand } from './machine/index.ts'
import type { LedgersView } from './machine/view.ts'

const LOOK_EVERY_MS = 1_000

export interface SweeperOptions {
  readonly view: LedgersView
  readonly log: LedgerLog
  readonly clock: Clock
  readonly logger: Logger
  /** Log time. */
  readonly now: () => Millis
}

export class Sweeper {
  readonly #options: SweeperOptions
  #cancelTimer: () => void = () => undefined
  #stopped = false

  constructor(options: SweeperOptions) {
    this.#options = options
  }

  /** Looks once and then every second. */
  async start(): Promise<void> {
    await this.#look()
    if (this.#stopped) return
    this.#cancelTimer = this.#options.clock.timer(LOOK_EVERY_MS, () => void this.start())
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer()
  }

  async #look(): Promise<void> {
    const { view, log, now, logger } = this.#options
    if (!log.leading || !view.isExpiryDue(now())) return
    try {
      await log.propose(encodeLedgerCommand({ type: 'expireLedgers' }))
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      logger.debug({ error: messageOf(error) }, 'ledgers were not swept')
    }
  }
}
