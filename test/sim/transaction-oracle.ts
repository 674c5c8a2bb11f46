/**
 * What is promised of transactions: each ends once, the same end again answers the same, another one is refused, and
 * nothing but a commit brings a message into a queue.
 */
import { assert } from '../../src/base/assert.ts'
import { ENDED_TRANSACTIONS_MS } from '../../src/base/limits.ts'
import type { Reply } from '../../src/broker/machine/commands.ts'
import type {
  EndTransaction,
  Resolution,
  TransactionNumber,
} from '../../src/broker/machine/transaction-commands.ts'

interface End {
  readonly resolution: Resolution
  readonly queueId: number
  readonly offset: number
  readonly at: number
}

export class TransactionOracle {
  readonly #ends = new Map<TransactionNumber, End | null>()
  committed = 0

  /** How many nobody has ended. */
  get open(): number {
    return [...this.#ends.values()].filter((end) => end === null).length
  }

  opened(transaction: TransactionNumber): void {
    assert(!this.#ends.has(transaction), 'a transaction has a number of its own', { transaction })
    this.#ends.set(transaction, null)
  }

  /** Where a message came into a queue by this end; `undefined` when none did. */
  ended(
    { transaction, resolution }: EndTransaction,
    reply: Reply,
    now: number,
  ): { readonly queueId: number; readonly offset: number } | undefined {
    const before = this.#ends.get(transaction)
    assert(before !== undefined, 'a transaction was opened by a send', { transaction })
    assert(reply.type === 'ended' || reply.type === 'refused', 'an end is answered', { transaction })
    if (before === null) {
      assert(reply.type === 'ended' && !reply.repeated, 'what is open can be ended', { transaction })
      assert(reply.resolution === resolution, 'it ends as it is said', { transaction })
      const { queueId, offset } = reply
      this.#ends.set(transaction, { resolution, queueId, offset, at: now })
      if (resolution === 'rollback') return undefined
      this.committed++
      return { queueId, offset }
    }
    const isKnown = before.at + ENDED_TRANSACTIONS_MS > now
    if (reply.type === 'refused') {
      assert(!isKnown || before.resolution !== resolution, 'the same end again is answered', { transaction })
      return undefined
    }
    const same = before.queueId === reply.queueId && before.offset === reply.offset
    assert(reply.repeated && before.resolution === resolution && same, 'it ends once', { transaction })
    return undefined
  }
}
