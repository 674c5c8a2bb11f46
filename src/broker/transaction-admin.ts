/** Transactions as a person looks at them, on the leader: each answer begins with a read barrier. */
import { BrokerError } from '../base/errors.ts'
import type { LeaderOperations } from './leader-port.ts'
import { encodeTransactionId, parseTransactionId } from './machine/index.ts'
import type { TransactionId } from './machine/transaction-id.ts'
import type { MachineView, TransactionView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'
import { readBarrier, type ReplicatedLog } from './replicated-log.ts'

const LIST_DEFAULT = 100
const LIST_MAX = 1_000

/** What is asked of a list. */
export interface TransactionFilter {
  /** Empty for all. */
  readonly topic: string
  readonly parkedOnly: boolean
  /** 0 is the default, 100; at most 1,000. */
  readonly limit: number
  /** Empty, or the transaction id behind which it goes on. */
  readonly after: string
}

export interface TransactionSummary {
  readonly transactionId: string
  readonly topic: string
  readonly size: number
  readonly openedMs: number
  readonly checks: number
  readonly parked: boolean
  readonly dueMs: number
}

export interface TransactionSummaries {
  readonly transactions: readonly TransactionSummary[]
  readonly open: number
  readonly parked: number
  readonly more: boolean
}

/** A transaction and its half message (`stored-message.ts`). */
export interface HalfMessage {
  readonly transaction: TransactionSummary
  readonly stored: Uint8Array
}

export class TransactionAdmin {
  readonly #view: MachineView
  readonly #log: ReplicatedLog
  readonly #reader: MessageReader
  readonly #operations: Pick<LeaderOperations, 'endTransaction'>

  constructor(
    view: MachineView,
    log: ReplicatedLog,
    reader: MessageReader,
    operations: Pick<LeaderOperations, 'endTransaction'>,
  ) {
    this.#view = view
    this.#log = log
    this.#reader = reader
    this.#operations = operations
  }

  /** The oldest first. */
  async list({ topic, parkedOnly, limit, after }: TransactionFilter): Promise<TransactionSummaries> {
    await readBarrier(this.#log)
    const start = after === '' ? -1 : idOf(after).transaction
    const count = Math.min(limit === 0 ? LIST_DEFAULT : limit, LIST_MAX)
    const topicId = topic === '' ? undefined : this.#topicId(topic)
    const wanted = [...this.#view.transactions()]
      .filter((open) => open.transaction > start && (open.parked || !parkedOnly))
      .filter((open) => topicId === undefined || open.topicId === topicId)
      .sort((one, other) => one.transaction - other.transaction)
    const { open, parked } = this.#view.transactionCounts
    const transactions = wanted.slice(0, count).map((one) => this.#summary(one))
    return { transactions, open, parked, more: wanted.length > count }
  }

  /** Throws INVALID_TRANSACTION_ID for one that is not open. */
  async show(transactionId: string): Promise<HalfMessage> {
    await readBarrier(this.#log)
    const open = this.#open(idOf(transactionId))
    const { position, size, tagHash } = open
    return {
      transaction: this.#summary(open),
      stored: await this.#reader.message({ position, size, tagHash }),
    }
  }

  /** Throws INVALID_TRANSACTION_ID for one that is not open and did not end the same way. */
  async end(transactionId: string, isCommit: boolean): Promise<void> {
    const id = idOf(transactionId)
    const topic = this.#view.topicById(id.topicId)?.name
    if (topic === undefined) throw notOpen()
    await this.#operations.endTransaction({ topic, id, resolution: isCommit ? 'commit' : 'rollback' })
  }

  #topicId(name: string): number {
    const topic = this.#view.topic(name)
    if (topic === undefined) throw new BrokerError('TOPIC_NOT_FOUND', `topic "${name}" does not exist`)
    return topic.id
  }

  #open({ topicId, transaction }: TransactionId): TransactionView {
    const open = this.#view.transaction(transaction)
    if (open?.topicId !== topicId) throw notOpen()
    return open
  }

  #summary({
    transaction,
    topicId,
    size,
    openedAt,
    checks,
    parked,
    dueAt,
  }: TransactionView): TransactionSummary {
    return {
      transactionId: encodeTransactionId({ topicId, transaction }),
      topic: this.#view.topicById(topicId)?.name ?? '',
      size,
      openedMs: openedAt,
      checks,
      parked,
      dueMs: dueAt,
    }
  }
}

function idOf(text: string): TransactionId {
  const id = parseTransactionId(text)
  if (id === undefined) throw new BrokerError('INVALID_TRANSACTION_ID', `"${text}" is no transaction id`)
  return id
}

function notOpen(): BrokerError {
  return new BrokerError('INVALID_TRANSACTION_ID', 'the transaction is not open: it has ended, or never was')
}
