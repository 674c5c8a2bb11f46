/** Dead letters that are given back to their group: pointers to the same bytes, for this group alone. */
import type { QueueOffset } from '../../base/brand.ts'
import type { Reply } from './commands.ts'
import type { Redrive } from './consume-commands.ts'
import { trimQueue } from './floor.ts'
import { retryTopic } from './retry-topics.ts'
import { type MachineState, refused } from './state.ts'
import { DEAD_LETTER_PREFIX } from './topics.ts'

/**
 * Moves dead letters from the beginning of the queue, which then begins behind them: so none is moved twice, whoever
 * repeats the command. It ends before one whose topic the group cannot get it through, and before one that stands below
 * the rising floor until it was moved up.
 */
export function redrive(state: MachineState, command: Redrive): Reply {
  const group = state.groups.byId.get(command.groupId)
  if (group === undefined) return refused('GROUP_NOT_FOUND', `group ${command.groupId} does not exist`)
  const topic = state.topics.named(DEAD_LETTER_PREFIX + group.name)
  const queue = topic?.queueList.find((one) => one.queue === command.queue)
  if (queue === undefined)
    return refused('TOPIC_NOT_FOUND', `group ${group.name} has no such dead letter queue`)
  if (queue.minOffset !== command.start) return { type: 'redriven', count: 0, next: queue.minOffset }
  let next: number = command.start
  for (const item of command.items) {
    const { position, size, tagHash } = queue.moved.get(next as QueueOffset) ?? item
    const origin = state.topics.byId.get(item.topicId)
    if (next >= queue.nextOffset || position < state.rising || origin === undefined) break
    const retry = retryTopic(state, group, origin)
    if (retry === undefined) break
    retry.takeQueue().append(state.rows, position, size, tagHash, Math.floor(state.now / 1000))
    state.rows.touch(retry)
    state.arrived.add(retry.id)
    next++
  }
  if (next > command.start) trimQueue(state, queue, next as QueueOffset)
  return { type: 'redriven', count: next - command.start, next: queue.minOffset }
}
