/** Messages that used up their attempts, or that their receivers give up, go to the dead letter topic of their group, as pointers. */
import { COMMAND_KINDS } from './command-encode.ts'
import type { DeadLetter, Pointer, Reply } from './commands.ts'
import type { ForwardDead } from './consume-commands.ts'
import type { Claim } from './consumer.ts'
import type { Group } from './groups.ts'
import { endClaim } from './holding.ts'
import { deadLetterTopic } from './make-topic.ts'
import { heldDelivery, isOfNow } from './pop.ts'
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
    bury(state, group, held, { position, size, tagHash })
  }
  return DONE
}

/**
 * Moves what the receipt's delivery holds. When nothing is in flight any more the message is over for the group, acked
 * or dead: the answer is the same, since receivers ask again until they hear that it is well.
 */
export function forwardDead(state: MachineState, command: ForwardDead): Reply {
  const { receipt, request } = command
  const kind = COMMAND_KINDS.forwardDead
  const repeat = state.requests.find(request, kind, state.now)
  if (repeat >= 0) return { type: 'acked', valid: [state.requests.doneAnswer(repeat)] }
  const group = state.groups.byId.get(receipt.groupId)
  const consumer = group?.consumers.get(receipt.queue)
  let valid = false
  if (group !== undefined && consumer !== undefined) {
    const held = heldDelivery(state, receipt)
    const isOver = !consumer.inFlight.has(receipt.offset) && receipt.offset < consumer.cursor
    valid = held !== undefined || (isOver && isOfNow(consumer, receipt))
    if (held !== undefined) {
      const pointer = consumer.queue.moved.get(receipt.offset)?.pointer() ?? command.pointer
      if (pointer.position < state.rising) return refused('BUSY', 'the message is being moved; try again')
      bury(state, group, held, pointer)
    }
  }
  state.requests.rememberDone(request, kind, state.now, valid)
  return { type: 'acked', valid: [valid] }
}

function bury(state: MachineState, group: Group, held: Claim, { position, size, tagHash }: Pointer): void {
  endClaim(state, held)
  const topic = deadLetterTopic(state, group)
  topic.takeQueue().append(state.rows, position, size, tagHash, Math.floor(state.now / 1000))
  state.rows.touch(topic)
  state.arrived.add(topic.id)
}
