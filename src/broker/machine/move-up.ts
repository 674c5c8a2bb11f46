/**
 * Messages that are needed for longer than the log's segments they stand in: their bytes are appended once
 * more, and the queue's pointer leads to the new place from the same entry on.
 */
import type { LogPosition, QueueOffset } from '../../base/brand.ts'
import { MOVED_ITEM_BYTES } from './command-encode.ts'
import type { MovedItem, MoveUp, Reply } from './commands.ts'
import type { Queue } from './consume-queue.ts'
import { Moved } from './moved.ts'
import type { MachineState } from './state.ts'
import { readStoredHeader } from './stored-message.ts'

const DONE: Reply = { type: 'done' }

/** `bodyPosition` is where the command's body stands in the log. What changed since it was read is passed over. */
export function moveUp(state: MachineState, command: MoveUp, bodyPosition: number): Reply {
  let position = bodyPosition + 4 + MOVED_ITEM_BYTES * command.items.length
  for (const item of command.items) {
    moveItem(state, item, position as LogPosition)
    position += item.stored.byteLength
  }
  return DONE
}

function moveItem(state: MachineState, item: MovedItem, position: LogPosition): void {
  const queue = state.topics.queues.get(item.queue)
  if (queue === undefined || item.offset >= queue.nextOffset || !isNeeded(state, queue, item.offset)) return
  const known = queue.moved.get(item.offset)
  if (known !== undefined) {
    if (known.position !== item.position) return
    known.position = position
    state.rows.touch(known)
    return
  }
  const tagHash = readStoredHeader(item.stored)?.tagHash ?? 0
  const moved = new Moved(queue.queue, item.offset, { position, size: item.stored.byteLength, tagHash })
  queue.moved.set(item.offset, moved)
  state.movedBytes += moved.size
  state.rows.touch(moved)
}

/** The queue reaches back to the message, or a group has it in flight. */
function isNeeded(state: MachineState, queue: Queue, offset: QueueOffset): boolean {
  if (offset >= queue.minOffset) return true
  for (const group of state.groups.byId.values()) {
    if (group.consumers.get(queue.queue)?.inFlight.has(offset) === true) return true
  }
  return false
}

/** Deletes the row of a message that is not needed any more. Called when a need ends. */
export function forgetMoved(state: MachineState, queue: Queue, offset: QueueOffset): void {
  const moved = queue.moved.get(offset)
  if (moved === undefined || isNeeded(state, queue, offset)) return
  queue.moved.delete(offset)
  state.movedBytes -= moved.size
  state.rows.remove(moved)
}

/** Deletes all rows of a queue, which is deleted itself. */
export function forgetAllMoved(state: MachineState, queue: Queue): void {
  for (const moved of queue.moved.values()) {
    state.movedBytes -= moved.size
    state.rows.remove(moved)
  }
  queue.moved.clear()
}
