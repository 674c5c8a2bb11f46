/** Storing and forgetting the offsets that groups keep themselves. */
import type { QueueOffset } from '../../base/brand.ts'
import { COMMAND_KINDS } from './command-encode.ts'
import type { QueueNumber, Reply } from './commands.ts'
import type { UpdateOffset } from './consume-commands.ts'
import type { Group } from './groups.ts'
import { PullOffset } from './pull-offset.ts'
import { type MachineState, refused } from './state.ts'

const DONE: Reply = { type: 'done' }

/** A request that comes again after a later one does not bring its offset back. */
export function updateOffset(state: MachineState, command: UpdateOffset): Reply {
  const kind = COMMAND_KINDS.updateOffset
  if (state.requests.find(command.request, kind, state.now) >= 0) return DONE
  const group = state.groups.byId.get(command.groupId)
  if (group === undefined) return refused('GROUP_NOT_FOUND', `group ${command.groupId} does not exist`)
  const queue = state.topics.queues.get(command.queue)
  if (queue === undefined) return refused('TOPIC_NOT_FOUND', `queue ${command.queue} does not exist`)
  if (command.offset > queue.nextOffset) {
    return refused('ILLEGAL_OFFSET', `the queue ends at ${queue.nextOffset}, before ${command.offset}`)
  }
  storePullOffset(state, group, queue.queue, command.offset)
  state.requests.rememberDone(command.request, kind, state.now)
  return DONE
}

/** Stores an offset that is in range. */
export function storePullOffset(
  state: MachineState,
  group: Group,
  queue: QueueNumber,
  offset: QueueOffset,
): void {
  let stored = group.pullOffsets.get(queue)
  if (stored === undefined) {
    stored = new PullOffset(group.id, queue, offset, state.now)
    group.pullOffsets.set(queue, stored)
  }
  stored.offset = offset
  stored.storedAt = state.now
  state.rows.touch(stored)
}

/** Deletes what a group stored for a queue, if it did. */
export function forgetPullOffset(state: MachineState, group: Group, queue: QueueNumber): void {
  const stored = group.pullOffsets.get(queue)
  if (stored === undefined) return
  group.pullOffsets.delete(queue)
  state.rows.remove(stored)
}
