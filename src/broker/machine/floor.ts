/**
 * The retention floor: below it nothing of the log is read any more. It rises first: from then on no new
 * pointer is made to what stands below. Then queues are trimmed and what is still needed is moved up, and only
 * then the floor is passed.
 */
import type { LogPosition, QueueOffset } from '../../base/brand.ts'
import { PAGES_DROPPED_MAX, QUEUE_PAGE_POINTERS } from '../../base/limits.ts'
import type { DropPages, Floor, Reply, Trim } from './commands.ts'
import { pageOf, type Queue } from './consume-queue.ts'
import type { Claim, Consumer } from './consumer.ts'
import { endClaim } from './holding.ts'
import { dropParked } from './lanes.ts'
import { forgetMoved } from './move-up.ts'
import type { MachineState } from './state.ts'
import { neededByTransactions } from './transactions.ts'

const DONE: Reply = { type: 'done' }

/**
 * Neither mark goes back, and neither passes what another machine in this log still needs; the floor itself passes no
 * half message of an open transaction. What is in flight below its queue's minimum and was left behind ends.
 */
export function floor(state: MachineState, command: Floor): Reply {
  const needed = state.neededByPart() ?? command.rising
  const rising = command.rising < needed ? command.rising : needed
  if (rising > state.rising) state.rising = rising
  if (command.position <= state.floor) return DONE
  const passed = Math.min(
    command.position,
    state.rising,
    neededByTransactions(state) ?? state.rising,
  ) as LogPosition
  if (passed <= state.floor) return DONE
  state.floor = passed
  for (const group of state.groups.byId.values()) {
    for (const consumer of group.consumers.values()) {
      for (const claim of claimsBefore(consumer, consumer.queue.minOffset)) {
        const moved = consumer.queue.moved.get(claim.offset)
        if (moved === undefined || moved.position < state.floor) endClaim(state, claim)
      }
    }
  }
  return DONE
}

/**
 * A minimum never goes back and never passes the end of its queue. What a group was not given before it is counted as
 * missed.
 */
export function trim(state: MachineState, command: Trim): Reply {
  for (const { queue: number, minOffset } of command.queues) {
    const queue = state.topics.queues.get(number)
    if (queue === undefined) continue
    const min = minOffset < queue.nextOffset ? minOffset : queue.nextOffset
    if (min <= queue.minOffset) continue
    for (const consumer of consumersOf(state, queue)) {
      if (consumer.cursor < min) consumer.missed += min - consumer.cursor
    }
    trimQueue(state, queue, min)
  }
  return DONE
}

/** Lets a queue begin later. Places before its beginning follow. */
export function trimQueue(state: MachineState, queue: Queue, min: QueueOffset): void {
  queue.minOffset = min
  state.rows.touch(queue)
  for (const consumer of consumersOf(state, queue)) {
    dropParked(state, consumer, min)
    if (consumer.cursor >= min) continue
    consumer.cursor = min
    state.rows.touch(consumer)
  }
  for (const offset of queue.moved.keys()) if (offset < min) forgetMoved(state, queue, offset)
}

/** Deletes pages before the minimum, a bounded number; none while a claim's pointer stands only in them. */
export function dropPages(state: MachineState, command: DropPages): Reply {
  const queue = state.topics.queues.get(command.queue)
  const first = queue?.firstPage
  if (queue === undefined || first === undefined) return DONE
  const end = Math.min(command.endPage, pageOf(queue.minOffset), first + PAGES_DROPPED_MAX)
  const endOffset = end * QUEUE_PAGE_POINTERS
  for (const consumer of consumersOf(state, queue)) {
    for (const { offset } of claimsBefore(consumer, endOffset)) if (!queue.moved.has(offset)) return DONE
  }
  queue.dropPages(state.rows, end)
  return DONE
}

/** What a group has in flight before an offset. */
export function* claimsBefore(consumer: Consumer, end: number): Generator<Claim> {
  for (const claim of consumer.inFlight.values()) {
    if (claim.offset < end) yield claim
    // Messages in flight stand in the order of their offsets, unless lanes hand them out.
    else if (consumer.book === undefined) return
  }
}

function* consumersOf(state: MachineState, queue: Queue): Generator<Consumer> {
  for (const group of state.groups.byId.values()) {
    const consumer = group.consumers.get(queue.queue)
    if (consumer !== undefined) yield consumer
  }
}
