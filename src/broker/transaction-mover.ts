/** Has half messages appended again that stand too far back: below a rising floor, or out of a commit's reach. */
import type { LogPosition, Millis } from '../base/brand.ts'
import { MOVED_BYTES_TARGET } from '../base/limits.ts'
import type { Logger } from '../base/ports.ts'
import { encodeCommand, encodeTransactionId } from './machine/index.ts'
import type { MovedHalf, TransactionNumber } from './machine/transaction-commands.ts'
import type { MachineView, TransactionView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'
import type { ReplicatedLog } from './replicated-log.ts'

export class TransactionMover {
  readonly #view: MachineView
  readonly #log: ReplicatedLog
  readonly #reader: MessageReader

  constructor(view: MachineView, log: ReplicatedLog, reader: MessageReader) {
    this.#view = view
    this.#log = log
    this.#reader = reader
  }

  /** Moves one, if it is still open. */
  async move(transaction: TransactionNumber): Promise<void> {
    const open = this.#view.transaction(transaction)
    if (open !== undefined) await this.#propose([await this.#read(open)])
  }

  /** Moves all that stand below a position. They are limited by count and bytes, so all are moved. */
  async moveAll(target: LogPosition): Promise<void> {
    let items: MovedHalf[] = []
    let bytes = 0
    const far = [...this.#view.transactions()].filter(({ position }) => position < target)
    for (const { transaction } of far) {
      const open = this.#view.transaction(transaction)
      if (open === undefined || open.position >= target) continue
      const item = await this.#read(open)
      items.push(item)
      bytes += item.stored.byteLength
      if (bytes < MOVED_BYTES_TARGET) continue
      await this.#propose(items)
      items = []
      bytes = 0
    }
    if (items.length > 0) await this.#propose(items)
  }

  /** Rolls back what has been parked since before a time: nobody cared for as long as messages are kept. */
  async expireParked(before: Millis, logger: Logger): Promise<void> {
    const old = [...this.#view.transactions()].filter(({ parked, dueAt }) => parked && dueAt < before)
    for (const { transaction, topicId } of old) {
      const transactionId = encodeTransactionId({ topicId, transaction })
      logger.warn({ transactionId }, 'parked transaction rolled back: it is older than the retention time')
      await this.#log.propose(
        encodeCommand({ type: 'endTransaction', transaction, topicId, resolution: 'rollback' }),
      )
    }
  }

  async #read({ transaction, position, size, tagHash }: TransactionView): Promise<MovedHalf> {
    return { transaction, position, stored: await this.#reader.message({ position, size, tagHash }) }
  }

  async #propose(items: readonly MovedHalf[]): Promise<void> {
    await this.#log.propose(encodeCommand({ type: 'moveTransactions', items }))
  }
}
