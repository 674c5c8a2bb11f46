/**
 * Receiving (RocketMQ: pop): claims, acks, changes of the invisible time, and giving back. The leader chose;
 * here it is checked that the choice still holds.
 */
import type { Millis, QueueOffset } from '../../base/brand.ts'
import { IN_FLIGHT_PER_GROUP_QUEUE_MAX, INVISIBLE_MS_MAX, RENEW_TOTAL_MS_MAX } from '../../base/limits.ts'
import { COMMAND_KINDS } from './command-encode.ts'
import type {
  Ack,
  ChangeInvisible,
  Claim as ClaimCommand,
  ClaimedMessage,
  ClaimPart,
  Delivery,
  Receipt,
  Release,
  ReleaseClient,
  Renew,
  Reply,
} from './commands.ts'
import type { ClaimRepeat } from './consume-commands.ts'
import type { Claim, ClaimBatch, Consumer } from './consumer.ts'
import { deliveryNumber, resetsOf } from './delivery-number.ts'
import { ackOutOfOrder, addClaim, endClaim, giveBack, hold, moveTo, openBatch } from './holding.ts'
import { keyText, type MachineState, refused } from './state.ts'

const DONE: Reply = { type: 'done' }
const NO_DEADLINE = 0 as Millis

/** Hands messages to one receiver. Parts that do not hold any more are skipped whole. */
export function claim(state: MachineState, command: ClaimCommand): Reply {
  const group = state.groups.byId.get(command.groupId)
  if (group === undefined) return refused('GROUP_NOT_FOUND', `group ${command.groupId} does not exist`)
  if (group.fifo) return refused('BAD_REQUEST', `group ${group.name} reads in order`)
  if (command.invisibleMs < 1 || command.invisibleMs > INVISIBLE_MS_MAX) {
    return refused('BAD_REQUEST', `an invisible time is 1 to ${INVISIBLE_MS_MAX} ms`)
  }
  if (state.requests.find(command.request, COMMAND_KINDS.claim, state.now) >= 0) {
    return { type: 'claimed', messages: heldUnder(state, command.request) }
  }
  const messages: ClaimedMessage[] = []
  let batch: ClaimBatch | undefined
  for (const part of command.parts) {
    const consumer = group.consumers.get(part.queue)
    if (consumer === undefined || !partHolds(state, consumer, part)) continue
    if (part.offsets.length + part.again.length > 0) {
      batch ??= openBatch(state, command.request, command.client)
      claimAgain(state, consumer, part, batch, command, messages)
      claimNew(state, consumer, part, batch, command, messages)
    }
    moveCursor(state, consumer, part.end)
  }
  state.requests.rememberClaim(command.request, state.now)
  return { type: 'claimed', messages }
}

/** A receive was repeated, so its client has the messages only from now on: their time begins anew. */
export function claimRepeat(state: MachineState, command: ClaimRepeat): Reply {
  if (command.invisibleMs < 1 || command.invisibleMs > INVISIBLE_MS_MAX) {
    return refused('BAD_REQUEST', `an invisible time is 1 to ${INVISIBLE_MS_MAX} ms`)
  }
  for (const batch of state.batches.get(keyText(command.request)) ?? []) {
    for (const held of batch.claims) {
      if (held.visibleAt <= state.now) continue
      held.firstClaimedAt = state.now
      // Later than before in any case: so what is given back under the old time is told apart.
      const end = Math.max(state.now + command.invisibleMs, held.visibleAt + 1) as Millis
      moveTo(state, held, end)
    }
  }
  return { type: 'claimed', messages: heldUnder(state, command.request) }
}

/** What a request that was applied before still holds, in the order of queues and offsets. */
export function heldUnder(state: MachineState, request: Uint8Array): ClaimedMessage[] {
  return (state.batches.get(keyText(request)) ?? [])
    .flatMap((batch) => [...batch.claims])
    .filter((held) => held.visibleAt > state.now)
    .sort(byPlace)
    .map(claimed)
}

/** Messages of a lane may stand in several queues. */
function byPlace(one: Claim, other: Claim): number {
  if (one.lane !== undefined && other.lane !== undefined) {
    return one.lane.key - other.lane.key || one.place - other.place
  }
  return one.consumer.queue.queue - other.consumer.queue.queue || one.offset - other.offset
}

/** What a receiver hears of a message that it got. */
export function claimed(held: Claim): ClaimedMessage {
  return {
    queue: held.consumer.queue.queue,
    offset: held.offset,
    attempt: held.delivery,
    deadline: held.visibleAt,
  }
}

function partHolds(state: MachineState, consumer: Consumer, part: ClaimPart): boolean {
  const { start, end, offsets, again } = part
  if (consumer.cursor !== start || end < start || end > consumer.queue.nextOffset) return false
  if (consumer.inFlight.size + offsets.length > IN_FLIGHT_PER_GROUP_QUEUE_MAX) return false
  let from: number = start
  for (const offset of offsets) {
    if (offset < from || offset >= end) return false
    from = offset + 1
  }
  const mark = state.nextMark()
  for (const offset of again) {
    const held = consumer.inFlight.get(offset)
    if (held === undefined || held.visibleAt > state.now || held.exhausted || held.mark === mark) return false
    held.mark = mark
  }
  return true
}

function claimAgain(
  state: MachineState,
  consumer: Consumer,
  part: ClaimPart,
  batch: ClaimBatch,
  command: ClaimCommand,
  messages: ClaimedMessage[],
): void {
  for (const offset of part.again) {
    const held = consumer.inFlight.get(offset)
    if (held === undefined) continue
    held.attempt++
    held.firstClaimedAt = state.now
    hold(state, held, batch, command.autoRenew, (state.now + command.invisibleMs) as Millis)
    messages.push(claimed(held))
  }
}

function claimNew(
  state: MachineState,
  consumer: Consumer,
  part: ClaimPart,
  batch: ClaimBatch,
  command: ClaimCommand,
  messages: ClaimedMessage[],
): void {
  if (part.offsets.length === 0) return
  moveCursor(state, consumer, part.end)
  for (const offset of part.offsets) {
    const held = addClaim(state, consumer, offset)
    hold(state, held, batch, command.autoRenew, (state.now + command.invisibleMs) as Millis)
    messages.push(claimed(held))
  }
}

function moveCursor(state: MachineState, consumer: Consumer, end: QueueOffset): void {
  if (consumer.cursor === end) return
  consumer.cursor = end
  state.rows.touch(consumer)
}

/** Ends deliveries. Each receipt has an answer of its own. */
export function ack(state: MachineState, command: Ack): Reply {
  const repeat = state.requests.find(command.request, COMMAND_KINDS.ack, state.now)
  if (repeat >= 0) return { type: 'acked', valid: state.requests.ackAnswer(repeat) }
  const valid: boolean[] = []
  for (const receipt of command.receipts) valid.push(ackOne(state, receipt))
  state.requests.rememberAck(command.request, valid, state.now)
  return { type: 'acked', valid }
}

function ackOne(state: MachineState, receipt: Receipt): boolean {
  const consumer = state.groups.consumer(receipt.groupId, receipt.queue)
  if (consumer === undefined) return false
  const held = consumer.inFlight.get(receipt.offset)
  // Not in flight: acked before, by this delivery if its first deadline is still ahead.
  if (held === undefined) {
    return receipt.offset < consumer.cursor && receipt.deadline > state.now && isOfNow(consumer, receipt)
  }
  if (held.acked && held.delivery === receipt.attempt) return receipt.deadline > state.now
  if (!isHeldBy(state, held, receipt)) return false
  if (held.lane === undefined || held.lane.open[0] === held) endClaim(state, held)
  else ackOutOfOrder(state, held)
  return true
}

/** Hides a message for another time from now on; the client has taken over from the automatic renewal. */
export function changeInvisible(state: MachineState, command: ChangeInvisible): Reply {
  const repeat = state.requests.find(command.request, COMMAND_KINDS.changeInvisible, state.now)
  if (repeat >= 0) {
    const { valid, deadline } = state.requests.changeAnswer(repeat)
    return { type: 'changed', valid, deadline }
  }
  if (command.invisibleMs > INVISIBLE_MS_MAX) {
    return refused('BAD_REQUEST', `an invisible time is at most ${INVISIBLE_MS_MAX} ms`)
  }
  const held = heldDelivery(state, command.receipt)
  const valid = held !== undefined
  const deadline = valid ? ((state.now + command.invisibleMs) as Millis) : NO_DEADLINE
  if (held !== undefined) {
    held.autoRenew = false
    moveTo(state, held, deadline)
    if (command.invisibleMs === 0) state.arrived.add(held.consumer.queue.topicId)
  }
  state.requests.rememberChange(command.request, valid, deadline, state.now)
  return { type: 'changed', valid, deadline }
}

/** Gives back claims that never left: the delivery does not count. Over or not, as long as it is the last. */
export function release(state: MachineState, command: Release): Reply {
  for (const delivery of command.deliveries) {
    const held = inFlight(state, delivery)
    if (held === undefined || held.batch === undefined || held.delivery !== delivery.attempt) continue
    if (delivery.deadline !== undefined && delivery.deadline !== held.visibleAt) continue
    held.attempt--
    // It was owed before, so it still is.
    if (held.lane !== undefined && held.exhausted) held.repeat = true
    giveBack(state, held)
  }
  return DONE
}

/** Gives back what a client holds, of one group or of all: these deliveries count. */
export function releaseClient(state: MachineState, command: ReleaseClient): Reply {
  const client = state.clients.get(keyText(command.client))
  if (client === undefined) return DONE
  for (const batch of client.batches) {
    for (const held of batch.claims) {
      const ofGroup = command.groupId === null || held.consumer.groupId === command.groupId
      if (ofGroup && held.visibleAt > state.now) giveBack(state, held)
    }
  }
  return DONE
}

/** Extends deliveries of live clients; never past the longest time that a delivery may take. */
export function renew(state: MachineState, command: Renew): Reply {
  if (command.invisibleMs > INVISIBLE_MS_MAX) {
    return refused('BAD_REQUEST', `an invisible time is at most ${INVISIBLE_MS_MAX} ms`)
  }
  for (const delivery of command.deliveries) {
    const held = heldDelivery(state, delivery)
    if (held === undefined || !held.autoRenew) continue
    const end = Math.min(state.now + command.invisibleMs, held.firstClaimedAt + RENEW_TOTAL_MS_MAX) as Millis
    if (end > held.visibleAt) moveTo(state, held, end)
  }
  return DONE
}

/** The claim that a delivery has now, before its time is over. */
export function heldDelivery(state: MachineState, delivery: Delivery): Claim | undefined {
  const held = inFlight(state, delivery)
  return held !== undefined && isHeldBy(state, held, delivery) ? held : undefined
}

function inFlight(state: MachineState, delivery: Delivery): Claim | undefined {
  return state.groups.consumer(delivery.groupId, delivery.queue)?.inFlight.get(delivery.offset)
}

function isHeldBy(state: MachineState, held: Claim, delivery: Delivery): boolean {
  return held.delivery === delivery.attempt && held.visibleAt > state.now
}

/** Whether the delivery was made since the group's place was last reset. */
export function isOfNow(consumer: Consumer, delivery: Delivery): boolean {
  return resetsOf(delivery.attempt) === resetsOf(deliveryNumber(0, consumer.resets))
}
