/** Timers that come due, are recalled, or are moved above the floor. */
import type { LogPosition } from '../../base/brand.ts'
import { COMMAND_KINDS } from './command-encode.ts'
import type { Fire, MoveTimers, Recall, Reply } from './commands.ts'
import { type MachineState, refused } from './state.ts'
import { TIMER_BYTES } from './timer-codec.ts'

const DONE: Reply = { type: 'done' }
const TOO_LATE = 'the message is due and cannot be recalled any more'

/**
 * A message whose time has come gets its place in a queue: a pointer to the bytes that are there. What is not due,
 * was recalled, or stands elsewhere by now is passed over; so is what stands below the rising floor, until it was moved
 * up. A timer whose topic is gone ends, due or not.
 */
export function fire(state: MachineState, command: Fire): Reply {
  const { timers, topics, now } = state
  let fired = 0
  for (const timer of command.timers) {
    if (!timers.holds(timer)) continue
    const topic = topics.byId.get(timer.topicId)
    if (topic !== undefined && (timer.dueMs > now || timer.position < state.rising)) continue
    timers.remove(timer)
    if (topic === undefined) continue
    const { position, size, tagHash } = timer
    topic.takeQueue().append(state.rows, position, size, tagHash, Math.floor(now / 1000))
    state.rows.touch(topic)
    state.arrived.add(topic.id)
    fired++
  }
  return { type: 'fired', count: fired }
}

/**
 * Ends a timer before it is due. Nothing fires early, so before that time a timer that is not there was recalled
 * already, and the answer is the same; later it may have fired, and nobody is told that it did not.
 */
export function recall(state: MachineState, command: Recall): Reply {
  const { timers, requests, now } = state
  const { timer } = command
  if (requests.find(command.request, COMMAND_KINDS.recall, now) >= 0) return DONE
  if (timer.id >= timers.nextId || timer.id === 0)
    return refused('BAD_REQUEST', 'no message has this recall handle')
  if (timer.dueMs <= now) return refused('ILLEGAL_OPERATION', TOO_LATE)
  if (timers.has(timer.id)) {
    if (!timers.holds(timer)) return { type: 'changedMeanwhile' }
    timers.remove(timer)
  }
  requests.rememberRecall(command.request, now)
  return DONE
}

/** `bodyPosition` is where the command's body stands in the log. What changed since it was read is passed over. */
export function moveTimers(state: MachineState, command: MoveTimers, bodyPosition: number): Reply {
  let position = bodyPosition + 4 + TIMER_BYTES * command.items.length
  for (const { timer, stored } of command.items) {
    if (state.timers.holds(timer)) state.timers.move(timer, position as LogPosition)
    position += stored.byteLength
  }
  return DONE
}
