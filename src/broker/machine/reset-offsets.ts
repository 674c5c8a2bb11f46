/**
 * Resets where a group goes on. Every place that is named begins anew: nothing is in flight, and receipts of before
 * count no more, since they carry the number of resets (`delivery-number.ts`).
 */
import type { QueueOffset } from '../../base/brand.ts'
import { COMMAND_KINDS } from './command-encode.ts'
import type { Reply } from './commands.ts'
import type { QueuePlace, ResetOffsets } from './consume-commands.ts'
import type { Queue } from './consume-queue.ts'
import { Consumer } from './consumer.ts'
import type { Group } from './groups.ts'
import { endConsumer } from './holding.ts'
import { storePullOffset } from './pull-offsets.ts'
import { type MachineState, refused } from './state.ts'

/** Queues that are gone, or that the group does not read, are passed over. A repeat says where the places are now. */
export function resetOffsets(state: MachineState, command: ResetOffsets): Reply {
  const kind = COMMAND_KINDS.resetOffsets
  const group = state.groups.byId.get(command.groupId)
  if (group === undefined) return refused('GROUP_NOT_FOUND', `group ${command.groupId} does not exist`)
  const places = placesOf(state, group, command)
  if (group.fifo && !areWhole(state, command)) {
    return refused('BAD_REQUEST', 'a group that reads in order is reset in all queues of a topic')
  }
  const isRepeat = state.requests.find(command.request, kind, state.now) >= 0
  if (!isRepeat) {
    // Rows of places and of claims come back under keys that have just been deleted.
    state.rows.expectKeysAgain()
    const before = places.map(({ queue }) => group.consumers.get(queue.queue))
    for (const consumer of before) if (consumer !== undefined) endConsumer(state, consumer)
    for (const [i, { queue, offset }] of places.entries()) resetPlace(state, group, queue, offset, before[i])
    state.requests.rememberDone(command.request, kind, state.now)
  }
  return { type: 'reset', queues: places.map(({ queue }) => placeNow(group, queue)) }
}

/** The order of a topic reaches over all its queues. */
function areWhole(state: MachineState, { queues }: ResetOffsets): boolean {
  const named = new Set(queues.map(({ queue }) => queue))
  return queues.every(({ queue }) => {
    const topic = state.topics.byId.get(state.topics.queues.get(queue)?.topicId ?? 0)
    return topic === undefined || topic.queues.every((one) => named.has(one))
  })
}

function placesOf(
  state: MachineState,
  group: Group,
  command: ResetOffsets,
): { readonly queue: Queue; readonly offset: QueueOffset }[] {
  const places = new Map<Queue, QueueOffset>()
  for (const { queue: number, offset } of command.queues) {
    const queue = state.topics.queues.get(number)
    const isRead = group.consumers.has(number) || group.pullOffsets.has(number)
    if (queue !== undefined && isRead) places.set(queue, nearestInside(queue, offset))
  }
  return [...places].map(([queue, offset]) => ({ queue, offset }))
}

function nearestInside(queue: Queue, offset: QueueOffset): QueueOffset {
  if (offset < queue.minOffset) return queue.minOffset
  return offset > queue.nextOffset ? queue.nextOffset : offset
}

function resetPlace(
  state: MachineState,
  group: Group,
  queue: Queue,
  offset: QueueOffset,
  before: Consumer | undefined,
): void {
  if (before !== undefined) {
    const consumer = new Consumer(group, queue, offset, { resets: before.resets + 1, missed: before.missed })
    group.consumers.set(queue.queue, consumer)
    state.rows.touch(consumer)
    state.arrived.add(queue.topicId)
  }
  if (group.pullOffsets.has(queue.queue)) storePullOffset(state, group, queue.queue, offset)
}

function placeNow(group: Group, { queue }: Queue): QueuePlace {
  const offset = group.consumers.get(queue)?.cursor ?? group.pullOffsets.get(queue)?.offset
  return { queue, offset: offset ?? (0 as QueueOffset) }
}
