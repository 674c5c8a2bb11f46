/**
 * Transactions: a half message is opened, checked, perhaps moved up or parked, and ended once. A commit makes an
 * ordinary pointer to the bytes that are there; a rollback leaves them to the retention.
 */
import { assert } from '../../base/assert.ts'
import type { LogPosition, Millis, QueueOffset } from '../../base/brand.ts'
import {
  TRANSACTION_CHECK_AFTER_MS,
  TRANSACTION_CHECK_AFTER_MS_MAX,
  TRANSACTION_REACH_BYTES,
} from '../../base/limits.ts'
import type { Pointer, Reply } from './commands.ts'
import { OpenTransaction } from './open-transactions.ts'
import { type MachineState, refused } from './state.ts'
import type { Topic } from './topics.ts'
import { MOVED_HALF_BYTES } from './transaction-codec.ts'
import type {
  CheckTransactions,
  EndTransaction,
  MovedHalf,
  MoveTransactions,
} from './transaction-commands.ts'

const DONE: Reply = { type: 'done' }

/** Opens a transaction for a half message that was just stored. `afterMs`: until its first check, 0 the default. */
export function openTransaction(state: MachineState, topic: Topic, half: Pointer, afterMs: number): void {
  const { now, transactions, rows } = state
  const waitMs =
    afterMs === 0 ? TRANSACTION_CHECK_AFTER_MS : Math.min(afterMs, TRANSACTION_CHECK_AFTER_MS_MAX)
  const open = new OpenTransaction(half.position, topic.id, half, now, (now + waitMs) as Millis)
  transactions.add(open)
  rows.touch(open)
}

/** `position` is where the command stands in the log. */
export function endTransaction(state: MachineState, command: EndTransaction, position: number): Reply {
  const { transaction, topicId, resolution } = command
  const { transactions, ended, now, rows } = state
  const open = transactions.byNumber.get(transaction)
  const topic = state.topics.byId.get(topicId)
  if (open === undefined || open.topicId !== topicId || topic === undefined)
    return endedBefore(state, command)
  let place = { queueId: 0, offset: 0 as QueueOffset }
  if (resolution === 'commit') {
    // Rule: positions in a queue fall back by less than the reach, and none is below the rising floor.
    const isFar = position - open.position >= TRANSACTION_REACH_BYTES || open.position < state.rising
    if (isFar) return { type: 'tooFar' }
    place = commit(state, topic, open)
  }
  transactions.remove(open)
  rows.remove(open)
  ended.remember(transaction, topicId, { resolution, ...place }, now)
  return { type: 'ended', resolution, ...place, repeated: false }
}

function commit(
  state: MachineState,
  topic: Topic,
  { position, size, tagHash }: Pointer,
): { readonly queueId: number; readonly offset: QueueOffset } {
  const queue = topic.takeQueue()
  const offset = queue.append(state.rows, position, size, tagHash, Math.floor(state.now / 1000))
  state.rows.touch(topic)
  state.arrived.add(topic.id)
  return { queueId: queue.queueId, offset }
}

function endedBefore(state: MachineState, { transaction, topicId, resolution }: EndTransaction): Reply {
  const known = state.ended.find(transaction, topicId, state.now)
  if (known === undefined) {
    return refused('INVALID_TRANSACTION_ID', 'the transaction is not open: it ended long ago or never was')
  }
  if (known.resolution === resolution) return { type: 'ended', ...known, repeated: true }
  const was = known.resolution === 'commit' ? 'committed' : 'rolled back'
  return refused('INVALID_TRANSACTION_ID', `the transaction was ${was} before`)
}

/** What changed since the leader looked is passed over. */
export function checkTransactions(state: MachineState, { items }: CheckTransactions): Reply {
  for (const { transaction, checks, nextAt } of items) {
    const open = state.transactions.byNumber.get(transaction)
    if (open === undefined || open.parked || open.checks !== checks) continue
    if (nextAt === null) state.transactions.park(open, state.now)
    else state.transactions.checked(open, nextAt)
    state.rows.touch(open)
  }
  return DONE
}

/** `bodyPosition` is where the command's body stands in the log. What changed since it was read is passed over. */
export function moveTransactions(
  state: MachineState,
  command: MoveTransactions,
  bodyPosition: number,
): Reply {
  let position = bodyPosition + 4 + MOVED_HALF_BYTES * command.items.length
  for (const item of command.items) {
    moveHalf(state, item, position as LogPosition)
    position += item.stored.byteLength
  }
  return DONE
}

function moveHalf(state: MachineState, item: MovedHalf, position: LogPosition): void {
  const open = state.transactions.byNumber.get(item.transaction)
  if (open === undefined || open.position !== item.position || open.size !== item.stored.byteLength) return
  assert(position > open.position, 'a message is moved up')
  open.position = position
  state.rows.touch(open)
}

/** The topic is deleted: nothing of its transactions can be ended any more. */
export function forgetTransactions(state: MachineState, topic: Topic): void {
  for (const open of Array.from(state.transactions.ofTopic(topic.id))) {
    state.transactions.remove(open)
    state.rows.remove(open)
  }
  state.transactions.forgetTopic(topic.id)
}

/** The lowest position that an open transaction needs; `undefined` without one. No floor passes it. */
export function neededByTransactions(state: MachineState): LogPosition | undefined {
  let needed: LogPosition | undefined
  for (const { position } of state.transactions.byNumber.values()) {
    if (needed === undefined || position < needed) needed = position
  }
  return needed
}
