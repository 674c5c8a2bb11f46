/**
 * Removes the segments that the machine reads no more. What the machine did with the entries in them must be on
 * the disk first, with a sync: those entries can never be applied again.
 */
import { hasCode } from '../store/node-disk.ts'
import { type LogIndex, type LogPosition, logPosition } from '../base/brand.ts'
import { messageOf } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import type { LogStore } from './log-store.ts'
import type { TableStore } from './table-store.ts'

export interface FloorKeeperOptions {
  readonly log: LogStore
  readonly tables: TableStore
  readonly machine: { readonly floor: LogPosition }
  readonly logger: Logger
  readonly failed: (error: unknown) => void
  /** From here on the log stays, as it is being read to be sent; `undefined`: nothing is held. */
  readonly heldFrom: () => LogPosition | undefined
  /** Entries up to `index` are gone for good. */
  readonly dropped: (index: LogIndex) => void
}

export class FloorKeeper {
  readonly #options: FloorKeeperOptions
  /** The floor that was tried last: after a full disk only a higher one is tried. */
  #tried = 0
  #working: Promise<void> | undefined

  constructor(options: FloorKeeperOptions) {
    this.#options = options
  }

  /** Entries were applied: the floor may have moved. */
  look(): void {
    const { machine, log, heldFrom } = this.#options
    const floor = logPosition(Math.min(machine.floor, heldFrom() ?? machine.floor))
    if (this.#working !== undefined || floor <= this.#tried || !log.start.canDropBelow(floor)) return
    this.#tried = floor
    this.#working = this.#drop(floor).finally(() => {
      this.#working = undefined
    })
  }

  /** Resolves when nothing is under way. */
  async drained(): Promise<void> {
    await this.#working
  }

  async #drop(floor: LogPosition): Promise<void> {
    const { log, tables, logger, failed, dropped } = this.#options
    try {
      await tables.flushDurably()
      await log.start.dropBelow(floor)
      dropped(log.base.index)
      logger.info({ floor, start: log.start.span.start }, 'segments below the floor removed')
    } catch (error) {
      if (hasCode(error, 'ENOSPC')) logger.warn({ floor, error: messageOf(error) }, 'segments not removed')
      else failed(error)
    }
  }
}
