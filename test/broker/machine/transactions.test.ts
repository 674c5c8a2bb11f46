import { describe, expect, test } from 'vitest'
import type { LogPosition, Millis, QueueOffset } from '../../../src/base/brand.ts'
import {
  DEDUPE_MS,
  ENDED_TRANSACTIONS_MS,
  OPEN_TRANSACTION_BYTES_MAX,
  OPEN_TRANSACTIONS_MAX,
  TRANSACTION_CHECK_AFTER_MS,
  TRANSACTION_CHECK_AFTER_MS_MAX,
  TRANSACTION_REACH_BYTES,
} from '../../../src/base/limits.ts'
import type { Reply } from '../../../src/broker/machine/commands.ts'
import { OpenTransactions } from '../../../src/broker/machine/open-transactions.ts'
import type { Resolution, TransactionNumber } from '../../../src/broker/machine/transaction-commands.ts'
import { sendOf, storedMessage } from './support/messages.ts'
import { Scene } from './support/scene.ts'

const offset = (n: number): QueueOffset => n as QueueOffset
const position = (n: number): LogPosition => n as LogPosition

/** A topic of transactions, and short ways to go on from there. */
class Transactions extends Scene {
  constructor(messageType = 4) {
    super({ messageType })
  }

  /** Sends half message `id` and returns its transaction. */
  half(id: number, value = 0): TransactionNumber {
    const reply = this.one(sendOf(1, [storedMessage(id, `half ${id}`, { messageType: 4, value })]))
    if (reply.type !== 'sent') throw new Error(`not sent: ${JSON.stringify(reply)}`)
    const transaction = reply.messages[0]?.transaction
    if (transaction === undefined) throw new Error('a half message opens a transaction')
    return transaction
  }

  end(transaction: TransactionNumber, resolution: Resolution, topicId = 1): Reply {
    return this.one({ type: 'endTransaction', transaction, topicId, resolution })
  }

  check(transaction: TransactionNumber, checks: number, nextAt: number | null): void {
    const items = [{ transaction, checks, nextAt: nextAt as Millis | null }]
    expect(this.one({ type: 'checkTransactions', items })).toEqual({ type: 'done' })
  }

  get due(): number[] {
    return this.machine.dueTransactions(1, this.machine.now, 10).map(({ transaction }) => transaction)
  }
}

describe('a half message', () => {
  test('is in no queue and is answered with its transaction', () => {
    const scene = new Transactions()
    const transaction = scene.half(1)
    expect(scene.machine.queue(1)?.nextOffset).toBe(0)
    expect(scene.machine.transaction(transaction)).toMatchObject({ topicId: 1, checks: 0, parked: false })
    expect(scene.machine.takeEffects().arrived.size).toBe(0)
  })

  test('that is repeated has the same transaction, before its end and after it', () => {
    const scene = new Transactions()
    const transaction = scene.half(1)
    expect(scene.half(1)).toBe(transaction)
    scene.end(transaction, 'commit')
    scene.restart()
    expect(scene.half(1)).toBe(transaction)
    expect(scene.machine.queue(1)?.nextOffset).toBe(1)
    scene.later(DEDUPE_MS)
    expect(scene.half(1)).not.toBe(transaction)
  })

  test('opens nothing in a topic that takes no transactions', () => {
    const scene = new Scene()
    const reply = scene.one(sendOf(1, [storedMessage(1, 'half', { messageType: 4, value: 0 })]))
    expect(reply).toMatchObject({ messages: [{ queueId: 0, offset: 0, transaction: undefined }] })
    expect(scene.machine.queue(1)?.nextOffset).toBe(1)
  })

  test('is refused when there is no room, and a plain message of a mixed topic is not', () => {
    const open = new OpenTransactions()
    expect(open.hasRoom(OPEN_TRANSACTIONS_MAX, OPEN_TRANSACTION_BYTES_MAX)).toBe(true)
    expect(open.hasRoom(OPEN_TRANSACTIONS_MAX + 1, 1)).toBe(false)
    expect(open.hasRoom(1, OPEN_TRANSACTION_BYTES_MAX + 1)).toBe(false)
    const scene = new Transactions(127)
    const first = scene.half(1)
    const view = scene.machine.transaction(first) as { size: number } | undefined
    const transactions = (scene.machine as unknown as { state: { transactions: OpenTransactions } }).state
      .transactions
    transactions.bytes = OPEN_TRANSACTION_BYTES_MAX
    const half = sendOf(1, [storedMessage(2, 'half 2', { messageType: 4, value: 0 })])
    expect(scene.one(half)).toMatchObject({ code: 'LIMIT_REACHED' })
    expect(scene.half(1)).toBe(first)
    expect(scene.one(sendOf(1, [storedMessage(3)]))).toMatchObject({ type: 'sent' })
    transactions.bytes = view?.size ?? 0
    expect(scene.one(half)).toMatchObject({ type: 'sent' })
  })
})

describe('a commit', () => {
  test('leads the queue to the bytes that were sent, and wakes the receivers', () => {
    const scene = new Transactions()
    const transaction = scene.half(1)
    expect(scene.end(transaction, 'commit')).toEqual({
      type: 'ended',
      resolution: 'commit',
      queueId: 0,
      offset: 0,
      repeated: false,
    })
    expect(scene.machine.takeEffects().arrived).toEqual(new Set([1]))
    expect(scene.pointer(1, offset(0)).position).toBe(transaction)
    expect(Buffer.from(scene.bytesAt(scene.pointer(1, offset(0)))).toString()).toContain('half 1')
    expect(scene.machine.transaction(transaction)).toBeUndefined()
    expect(scene.claim()).toHaveLength(1)
  })

  test('that is repeated answers the same place and stores nothing, also after a restart', () => {
    const scene = new Transactions()
    const transaction = scene.half(1)
    scene.end(scene.half(2), 'commit')
    const first = scene.end(transaction, 'commit')
    scene.restart()
    expect(scene.end(transaction, 'commit')).toEqual({ ...first, repeated: true })
    expect(scene.machine.queue(1)?.nextOffset).toBe(2)
  })

  test('after a rollback is refused, as is a rollback after a commit', () => {
    const scene = new Transactions()
    const [one, two] = [scene.half(1), scene.half(2)]
    scene.end(one, 'rollback')
    scene.end(two, 'commit')
    expect(scene.end(one, 'commit')).toMatchObject({ code: 'INVALID_TRANSACTION_ID' })
    expect(scene.end(two, 'rollback')).toMatchObject({ code: 'INVALID_TRANSACTION_ID' })
    expect(scene.machine.queue(1)?.nextOffset).toBe(1)
  })

  test('is answered the same for as long as ends are remembered, and refused afterwards', () => {
    const scene = new Transactions()
    const transaction = scene.half(1)
    scene.end(transaction, 'commit')
    scene.later(ENDED_TRANSACTIONS_MS - 1)
    expect(scene.end(transaction, 'commit')).toMatchObject({ repeated: true })
    scene.later(1)
    expect(scene.end(transaction, 'commit')).toMatchObject({ code: 'INVALID_TRANSACTION_ID' })
    scene.restart()
  })

  test('under the number of another topic is refused', () => {
    const scene = new Transactions()
    scene.one({ type: 'createTopic', name: 'other', messageType: 4, queueCount: 1 })
    const transaction = scene.half(1)
    expect(scene.end(transaction, 'commit', 2)).toMatchObject({ code: 'INVALID_TRANSACTION_ID' })
    expect(scene.end(transaction, 'commit')).toMatchObject({ type: 'ended' })
    expect(scene.end(transaction, 'commit', 2)).toMatchObject({ code: 'INVALID_TRANSACTION_ID' })
  })

  test('of a half message below the rising floor waits until it is moved up', () => {
    const scene = new Transactions()
    const transaction = scene.half(1)
    const open = scene.machine.transaction(transaction)
    const stored = open && scene.bytesAt(open)
    if (open === undefined || stored === undefined) throw new Error('it is open')
    scene.one({ type: 'floor', rising: position(transaction + 1), position: position(0) })
    expect(scene.end(transaction, 'commit')).toEqual({ type: 'tooFar' })
    scene.one({ type: 'moveTransactions', items: [{ transaction, position: open.position, stored }] })
    expect(scene.end(transaction, 'commit')).toMatchObject({ type: 'ended', offset: 0 })
    expect(scene.pointer(1, offset(0)).position).toBeGreaterThan(transaction)
    expect(scene.bytesAt(scene.pointer(1, offset(0)))).toEqual(stored)
  })

  test('of a half message out of reach waits until it is moved up, a rollback does not', () => {
    const scene = new Transactions()
    const [one, two] = [scene.half(1), scene.half(2)]
    const state = (scene.machine as unknown as { state: { transactions: OpenTransactions } }).state
    for (const open of state.transactions.byNumber.values()) {
      open.position = (open.position - TRANSACTION_REACH_BYTES) as LogPosition
    }
    expect(scene.end(one, 'commit')).toEqual({ type: 'tooFar' })
    expect(scene.end(two, 'rollback')).toMatchObject({ type: 'ended' })
  })
})

describe('checks', () => {
  test('are due after the time that the message says, or six seconds', () => {
    const scene = new Transactions()
    const [one, two, three] = [
      scene.half(1),
      scene.half(2, 500),
      scene.half(3, 10 * TRANSACTION_CHECK_AFTER_MS_MAX),
    ]
    const due = (transaction: TransactionNumber) =>
      (scene.machine.transaction(transaction)?.dueAt ?? 0) - scene.machine.now
    expect([due(one), due(two), due(three)]).toEqual([
      TRANSACTION_CHECK_AFTER_MS,
      500,
      TRANSACTION_CHECK_AFTER_MS_MAX,
    ])
    expect([...scene.machine.checkTimes()]).toEqual([[1, scene.machine.now + 500]])
    scene.later(500)
    expect(scene.due).toEqual([two])
    scene.later(TRANSACTION_CHECK_AFTER_MS - 500)
    expect(scene.due).toEqual([two, one])
  })

  test('that reached a producer count once, whichever leader says so', () => {
    const scene = new Transactions()
    const transaction = scene.half(1)
    scene.later(TRANSACTION_CHECK_AFTER_MS)
    scene.drain()
    const nextAt = scene.machine.now + 30_000
    scene.check(transaction, 0, nextAt)
    scene.check(transaction, 0, nextAt + 5)
    expect(scene.machine.transaction(transaction)).toMatchObject({ checks: 1, dueAt: nextAt })
    expect(scene.due).toEqual([])
    scene.restart()
    expect(scene.machine.transaction(transaction)).toMatchObject({ checks: 1, dueAt: nextAt })
    scene.later(30_000)
    expect(scene.due).toEqual([transaction])
  })

  test('end with parking: it is not due any more, stays open, and can still be ended', () => {
    const scene = new Transactions()
    const transaction = scene.half(1)
    scene.later(TRANSACTION_CHECK_AFTER_MS)
    scene.check(transaction, 0, null)
    expect(scene.machine.transaction(transaction)).toMatchObject({ parked: true, dueAt: scene.machine.now })
    expect(scene.machine.transactionCounts).toMatchObject({ open: 1, parked: 1 })
    scene.later(100_000)
    expect(scene.due).toEqual([])
    expect([...scene.machine.checkTimes()]).toEqual([])
    scene.check(transaction, 0, scene.machine.now + 1)
    scene.restart()
    expect(scene.machine.transaction(transaction)).toMatchObject({ parked: true, checks: 0 })
    expect(scene.end(transaction, 'commit')).toMatchObject({ type: 'ended' })
    expect(scene.machine.transactionCounts).toEqual({ open: 0, parked: 0, bytes: 0 })
  })
})

describe('the retention floor', () => {
  test('passes no half message of an open transaction, parked or not', () => {
    const scene = new Transactions()
    const [one, two] = [scene.half(1), scene.half(2)]
    scene.check(one, 0, null)
    scene.half(3)
    const above = position((scene.log.at(-1)?.position ?? 0) + 1000)
    scene.one({ type: 'floor', rising: above, position: above })
    expect(scene.machine.floors).toEqual({ position: one, rising: above })
    scene.end(one, 'rollback')
    scene.one({ type: 'floor', rising: above, position: above })
    expect(scene.machine.floors.position).toBe(two)
    expect(scene.machine.faults()).toEqual([])
  })

  test('passes a half message that was moved up; one that was moved by another leader is passed over', () => {
    const scene = new Transactions()
    const transaction = scene.half(1)
    const open = scene.machine.transaction(transaction)
    const stored = open && scene.bytesAt(open)
    if (open === undefined || stored === undefined) throw new Error('it is open')
    const item = { transaction, position: open.position, stored }
    scene.one({ type: 'moveTransactions', items: [item] })
    const moved = scene.machine.transaction(transaction)?.position
    expect(moved).toBeGreaterThan(transaction)
    scene.one({ type: 'moveTransactions', items: [item, { ...item, transaction: position(7) }] })
    expect(scene.machine.transaction(transaction)?.position).toBe(moved)
    scene.one({ type: 'floor', rising: position(moved ?? 0), position: position(moved ?? 0) })
    expect(scene.machine.floors.position).toBe(moved)
    scene.restart()
    expect(scene.machine.transaction(transaction)?.position).toBe(moved)
  })
})

test('a topic that is deleted takes its transactions with it', () => {
  const scene = new Transactions()
  const transaction = scene.half(1)
  scene.one({ type: 'deleteTopic', name: 'orders' })
  expect(scene.machine.transactionCounts).toEqual({ open: 0, parked: 0, bytes: 0 })
  expect(scene.end(transaction, 'commit')).toMatchObject({ code: 'INVALID_TRANSACTION_ID' })
  scene.restart()
})
