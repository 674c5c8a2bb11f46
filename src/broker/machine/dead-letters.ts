/** Messages that used up their attempts go to the dead letter topic of their group, as pointers. */
import { deadLetterTopic } from './catalog-commands.ts'
import type { DeadLetter, Reply } from './commands.ts'
import { endClaim } from './holding.ts'
import { type MachineState, refused } from './state.ts'

const DONE: Reply = { type: 'done' }

/**
 * Moves what is visible and exhausted; anything else in the list is passed over. So is what stands below the
 * rising floor: it is moved up before, and then its new place counts and not the one in the list.
 */
export function deadLetter(state: MachineState, command: DeadLetter): Reply {
  const group = state.groups.byId.get(command.groupId)
  if (group === undefined) return refused('GROUP_NOT_FOUND', `group ${command.groupId} does not exist`)
  const consumer = group.consumers.get(command.queue)
  for (const item of command.items) {
    const { offset } = item
    const held = consumer?.inFlight.get(offset)
    if (held === undefined || held.visibleAt > state.now || !held.exhausted) continue
    // In a lane those before it come first.
    if (held.lane !== undefined && held.lane.open[0] !== held) continue
    const { position, size, tagHash } = held.consumer.queue.moved.get(offset) ?? item
    if (position < state.rising) continue
    endClaim(state, held)
    const topic = deadLetterTopic(state, group)
    topic.takeQueue().append(state.rows, position, size, tagHash, Math.floor(state.now / 1000))
    state.rows.touch(topic)
    state.arrived.add(topic.id)
  }
  return DONE
}
