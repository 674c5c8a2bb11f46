/** Transactions in the plainest words: two lists that are walked. */
import { ENDED_TRANSACTIONS_MS, TRANSACTION_CHECK_AFTER_MS } from '../../../../src/base/limits.ts'
import type { EndTransaction, TransactionCheck } from '../../../../src/broker/machine/transaction-commands.ts'
import { refusal } from './model-parts.ts'

interface ModelTransaction {
  readonly transaction: number
  readonly topicId: number
  checks: number
  parked: boolean
  dueAt: number
}

interface ModelEnd {
  readonly transaction: number
  readonly topicId: number
  readonly resolution: string
  readonly answer: object
  readonly at: number
}

export class ModelTransactions {
  /** In the order in which they were opened. */
  open: ModelTransaction[] = []
  readonly #ended: ModelEnd[] = []

  add(transaction: number, topicId: number, now: number, value: number): void {
    const dueAt = now + (value === 0 ? TRANSACTION_CHECK_AFTER_MS : value)
    this.open.push({ transaction, topicId, checks: 0, parked: false, dueAt })
  }

  forget(topicId: number): void {
    this.open = this.open.filter((one) => one.topicId !== topicId)
  }

  check(items: readonly TransactionCheck[], now: number): unknown {
    for (const { transaction, checks, nextAt } of items) {
      const open = this.open.find((one) => one.transaction === transaction)
      if (open === undefined || open.parked || open.checks !== checks) continue
      if (nextAt !== null) open.checks++
      open.parked = nextAt === null
      open.dueAt = nextAt ?? now
    }
    return { type: 'done' }
  }

  end(
    { transaction, topicId, resolution }: EndTransaction,
    now: number,
    place: (topicId: number) => object,
  ): unknown {
    const isIt = (one: { readonly transaction: number; readonly topicId: number }): boolean =>
      one.transaction === transaction && one.topicId === topicId
    const open = this.open.find(isIt)
    if (open === undefined) {
      const known = this.#ended.find((one) => isIt(one) && one.at + ENDED_TRANSACTIONS_MS > now)
      if (known?.resolution !== resolution) return refusal('INVALID_TRANSACTION_ID')
      return { ...known.answer, repeated: true }
    }
    this.open.splice(this.open.indexOf(open), 1)
    const at = resolution === 'commit' ? place(topicId) : { queueId: 0, offset: 0 }
    const answer = { type: 'ended', resolution, ...at, repeated: false }
    this.#ended.push({ transaction, topicId, resolution, answer, at: now })
    return answer
  }
}
