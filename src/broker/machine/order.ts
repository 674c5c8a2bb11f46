/**
 * Receiving of fifo groups: messages are handed out lane by lane, and what comes after a message that is not
 * acked is parked. The leader chose; here it is checked that the choice still holds. What is not free any more is
 * parked and not skipped, so that order never depends on the leader.
 */
import type { Millis } from '../../base/brand.ts'
import {
  IN_FLIGHT_PER_GROUP_QUEUE_MAX,
  INVISIBLE_MS_MAX,
  PARKED_MAX,
  PARKED_PER_GROUP_TOPIC_MAX,
} from '../../base/limits.ts'
import { COMMAND_KINDS } from './command-encode.ts'
import type { ClaimedMessage, ClaimInOrder, NextMessage, Reply } from './commands.ts'
import type { Claim, ClaimBatch, Consumer } from './consumer.ts'
import type { Group } from './groups.ts'
import { addClaim, hold, openBatch } from './holding.ts'
import { type Lane, laneKeyOf, type OrderBook } from './lane.ts'
import { park, unpark } from './lanes.ts'
import type { QueuePlace } from './parked.ts'
import { claimed, heldUnder } from './pop.ts'
import { type MachineState, refused } from './state.ts'

/** One command while it is applied. */
interface Turn {
  readonly state: MachineState
  readonly group: Group
  readonly book: OrderBook<Claim>
  readonly command: ClaimInOrder
  readonly messages: ClaimedMessage[]
  batch: ClaimBatch | undefined
}

/** Hands messages to one receiver of a fifo group, and parks what is not its turn. */
export function claimInOrder(state: MachineState, command: ClaimInOrder): Reply {
  const group = state.groups.byId.get(command.groupId)
  if (group === undefined) return refused('GROUP_NOT_FOUND', `group ${command.groupId} does not exist`)
  const book = group.topics.includes(command.topicId) ? group.book(command.topicId) : undefined
  if (book === undefined) return refused('BAD_REQUEST', 'the group does not read this topic in order')
  if (command.invisibleMs < 1 || command.invisibleMs > INVISIBLE_MS_MAX) {
    return refused('BAD_REQUEST', `an invisible time is 1 to ${INVISIBLE_MS_MAX} ms`)
  }
  if (state.requests.find(command.request, COMMAND_KINDS.claim, state.now) >= 0) {
    return { type: 'claimed', messages: heldUnder(state, command.request) }
  }
  const turn: Turn = { state, group, book, command, messages: [], batch: undefined }
  for (const { key, messages } of command.lanes) {
    const lane = book.lanes.get(key)
    if (lane !== undefined && laneHolds(turn, lane, messages)) takeFromLane(turn, lane, messages.length)
  }
  if (cursorsHold(turn)) takeNew(turn)
  state.requests.rememberClaim(command.request, state.now)
  return { type: 'claimed', messages: turn.messages }
}

/** These are the next messages of the lane, and nobody holds any of it. */
function laneHolds({ state, group }: Turn, lane: Lane<Claim>, messages: readonly QueuePlace[]): boolean {
  if (!lane.isReady(state.now) || messages.length === 0 || messages.length > lane.size) return false
  const parked = lane.parked.first(Math.max(0, messages.length - lane.open.length))
  return messages.every((message, at) => {
    const open = lane.open[at]
    if (open === undefined) {
      const consumer = group.consumers.get(message.queue)
      const hasRoom = (consumer?.inFlight.size ?? 0) + messages.length <= IN_FLIGHT_PER_GROUP_QUEUE_MAX
      return hasRoom && isSame(parked[at - lane.open.length], message)
    }
    const place = { queue: open.consumer.queue.queue, offset: open.offset }
    return !open.exhausted && isSame(place, message)
  })
}

function isSame(one: QueuePlace | undefined, other: QueuePlace): boolean {
  return one?.queue === other.queue && one.offset === other.offset
}

/** Delivery begins again with the first open message; of what follows, acked messages are owed once more. */
function takeFromLane(turn: Turn, lane: Lane<Claim>, count: number): void {
  const again = lane.open.slice(0, count)
  for (const owed of lane.open.slice(count)) {
    if (!owed.acked) continue
    owed.acked = false
    owed.repeat = true
    turn.state.rows.touch(owed)
  }
  for (const open of again) {
    open.acked = false
    open.repeat = false
    open.attempt++
    open.firstClaimedAt = turn.state.now
    give(turn, open)
  }
  for (let left = count - again.length; left > 0; left--) {
    const consumer = turn.group.consumers.get(lane.parked.first(1)[0]?.queue ?? 0)
    if (consumer === undefined) return
    const place = unpark(turn.state, consumer, lane)
    if (place !== undefined) give(turn, openNew(turn, consumer, lane, place))
  }
}

/** All new messages that the leader looked at stand where it saw them, and there is room to remember them. */
function cursorsHold({ state, group, book, command }: Turn): boolean {
  const count = command.messages.length
  if (book.parked + count > PARKED_PER_GROUP_TOPIC_MAX || state.parked + count > PARKED_MAX) return false
  const ends = new Map<number, { at: number; readonly end: number }>()
  for (const { queue, start, end } of command.cursors) {
    const consumer = group.consumers.get(queue)
    if (consumer === undefined || consumer.cursor !== start || ends.has(queue)) return false
    if (consumer.queue.topicId !== command.topicId || end < start || end > consumer.queue.nextOffset)
      return false
    ends.set(queue, { at: start, end })
  }
  for (const { queue, offset } of command.messages) {
    const cursor = ends.get(queue)
    if (cursor === undefined || offset < cursor.at || offset >= cursor.end) return false
    cursor.at = offset + 1
  }
  return true
}

/** Moves the cursors and hands out or parks what they pass, in the order of sending. */
function takeNew(turn: Turn): void {
  const { state, group, book, command } = turn
  for (const { queue, end } of command.cursors) {
    const consumer = group.consumers.get(queue)
    if (consumer === undefined || consumer.cursor === end) continue
    consumer.cursor = end
    state.rows.touch(consumer)
  }
  for (const message of command.messages) {
    const consumer = group.consumers.get(message.queue)
    if (consumer === undefined) continue
    const lane = book.lane(laneKeyOf(message.orderHash, message.queue))
    if (isItsTurn(turn, consumer, lane, message)) {
      give(turn, openNew(turn, consumer, lane, message))
    } else {
      park(state, consumer, lane, message.offset)
      book.relist(lane)
      if (lane.isReady(state.now)) state.arrived.add(command.topicId)
    }
  }
}

/** Nothing is before it in its lane but what this receiver gets now. */
function isItsTurn({ batch }: Turn, consumer: Consumer, lane: Lane<Claim>, message: NextMessage): boolean {
  if (!message.handedOut || lane.parked.count > 0) return false
  if (consumer.inFlight.size >= IN_FLIGHT_PER_GROUP_QUEUE_MAX) return false
  return lane.open.every((open) => batch !== undefined && open.batch === batch)
}

function openNew(turn: Turn, consumer: Consumer, lane: Lane<Claim>, { offset }: QueuePlace): Claim {
  const added = addClaim(turn.state, consumer, offset)
  added.lane = lane
  added.place = (lane.open.at(-1)?.place ?? -1) + 1
  lane.open.push(added)
  return added
}

function give(turn: Turn, open: Claim): void {
  const { state, command } = turn
  turn.batch ??= openBatch(state, command.request, command.client)
  hold(state, open, turn.batch, command.autoRenew, (state.now + command.invisibleMs) as Millis)
  turn.messages.push(claimed(open))
}
