/**
 * Asks producers, on the leader, what became of transactions that nobody ended (RocketMQ: check back). A check that
 * reached a producer is recorded in the log; after the last one the transaction is parked. While no producer of a topic
 * can be reached, its transactions wait and nothing is counted.
 */
import { millis, type Millis } from '../base/brand.ts'
import type { TransactionConfig } from '../base/config.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { TopicId } from './machine/commands.ts'
import { encodeCommand, encodeTransactionId } from './machine/index.ts'
import type { TransactionCheck } from './machine/transaction-commands.ts'
import { LeaderRounds } from './leader-rounds.ts'
import type { MachineView, TransactionView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'
import type { ReplicatedLog } from './replicated-log.ts'

const LOOK_EVERY_MS = 500
/** Checks of one topic in a round, and of those at the same time. */
const CHECKS_PER_ROUND_MAX = 256
const CHECKS_AT_ONCE_MAX = 16
/** A topic whose producers could not be reached is left alone so long. */
const UNREACHED_MS = 2_000
/** Log time moves on at least so often while checks are to come, so that a new leader goes on from there. */
const ADVANCE_EVERY_MS = 5_000

/** The way to producers, on whatever node their streams are. */
export interface CheckRelay {
  /** Hands a check to one live producer of the topic. False when none could be reached. Does not throw. */
  check(topic: string, transactionId: string, stored: Uint8Array): Promise<boolean>
}

export interface TransactionCheckerOptions {
  readonly config: TransactionConfig
  readonly view: MachineView
  readonly log: ReplicatedLog
  readonly reader: MessageReader
  readonly relay: CheckRelay
  readonly clock: Clock
  readonly logger: Logger
  readonly now: () => Millis
}

export class TransactionChecker {
  readonly #options: TransactionCheckerOptions
  /** Until when topics are left alone, in monotonic time. */
  readonly #unreached = new Map<TopicId, number>()
  readonly #rounds: LeaderRounds

  constructor(options: TransactionCheckerOptions) {
    this.#options = options
    const { clock, logger } = options
    const round = (): Promise<void> => this.#round()
    const phrase = 'transactions could not be checked'
    this.#rounds = new LeaderRounds({ everyMs: LOOK_EVERY_MS, round, phrase, clock, logger })
  }

  /** This member leads from now on. */
  start(): void {
    this.#unreached.clear()
    this.#rounds.start()
  }

  stop(): void {
    this.#rounds.stop()
  }

  async #round(): Promise<void> {
    const { view, log, now, clock } = this.#options
    const { open, parked } = view.transactionCounts
    if (!log.leading || open === parked) return
    const time = now()
    const items: TransactionCheck[] = []
    for (const [topicId, dueAt] of Array.from(view.checkTimes())) {
      if (dueAt > time || clock.mono() < (this.#unreached.get(topicId) ?? 0)) continue
      this.#unreached.delete(topicId)
      if (!(await this.#checkTopic(topicId, time, items)))
        this.#unreached.set(topicId, clock.mono() + UNREACHED_MS)
    }
    if (items.length > 0) await log.propose(encodeCommand({ type: 'checkTransactions', items }))
    else if (time - view.now >= ADVANCE_EVERY_MS) await log.propose(encodeCommand({ type: 'advance' }))
  }

  /** False when a producer was needed and none could be reached. */
  async #checkTopic(topicId: TopicId, time: Millis, items: TransactionCheck[]): Promise<boolean> {
    const { view, config, logger } = this.#options
    const topic = view.topicById(topicId)
    if (topic === undefined) return true
    const { name } = topic
    const due = view.dueTransactions(topicId, time, CHECKS_PER_ROUND_MAX)
    const toAsk = due.filter(({ checks }) => checks < config.checksMax)
    for (const { transaction, checks } of due) {
      if (checks < config.checksMax) continue
      items.push({ transaction, checks, nextAt: null })
      const id = encodeTransactionId({ topicId, transaction })
      logger.warn({ topic: name, transactionId: id, checks }, 'transaction parked after its last check')
    }
    const nextAt = millis(time + config.checkIntervalMs)
    for (let start = 0; start < toAsk.length; ) {
      // One alone finds out whether there is a producer: a half message goes to every member that is asked.
      const some = toAsk.slice(start, start === 0 ? 1 : start + CHECKS_AT_ONCE_MAX)
      start += some.length
      const reached = await Promise.all(some.map((open) => this.#check(name, open)))
      for (const [i, { transaction, checks }] of some.entries()) {
        if (reached[i] === true) items.push({ transaction, checks, nextAt })
      }
      if (reached.includes(false)) return false
    }
    return true
  }

  async #check(topic: string, { topicId, transaction }: TransactionView): Promise<boolean> {
    const { view, reader, relay } = this.#options
    const open = view.transaction(transaction)
    if (open === undefined) return true
    const { position, size, tagHash } = open
    // A copy: what the log's memory holds there may change while nodes are asked.
    const stored = new Uint8Array(await reader.message({ position, size, tagHash }))
    return relay.check(topic, encodeTransactionId({ topicId, transaction }), stored)
  }
}
