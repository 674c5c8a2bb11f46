/**
 * Who holds which claim, and where a claim is listed. Every change of a claim goes through here, so that
 * rows, heaps and lists agree.
 */
import { assert } from '../../base/assert.ts'
import type { Millis, QueueOffset } from '../../base/brand.ts'
import { IN_FLIGHT_PER_GROUP_QUEUE_MAX, LANES_PER_GROUP_TOPIC_MAX } from '../../base/limits.ts'
import { ClaimHeap } from './claim-heap.ts'
import { Claim, type ClaimBatch, type ClientClaims, type Consumer } from './consumer.ts'
import type { Lane } from './lane.ts'
import { endBook, listInLane } from './lanes.ts'
import { forgetMoved } from './move-up.ts'
import { keyText, type MachineState } from './state.ts'

/** Puts a new claim of attempt 1 into flight, held under `batch`. */
export function addClaim(state: MachineState, consumer: Consumer, offset: QueueOffset): Claim {
  assert(offset < consumer.cursor, 'a message in flight is before the cursor')
  const claim = new Claim(consumer, offset, 1, state.now)
  consumer.inFlight.set(offset, claim)
  return claim
}

/** What a request hands out to a client: joined with what the same request still holds. */
export function openBatch(state: MachineState, request: Uint8Array, client: Uint8Array): ClaimBatch {
  const key = keyText(request)
  const sameRequest = state.batches.get(key)
  const open = sameRequest?.find((batch) => keyText(batch.client.hash) === keyText(client))
  if (open !== undefined) return open
  const holder = openClient(state, client)
  // A copy: the bytes are views of an entry, which is much larger. (`slice` of a Buffer would be no copy.)
  const batch: ClaimBatch = { request: new Uint8Array(request), client: holder, claims: new Set() }
  holder.batches.add(batch)
  if (sameRequest === undefined) state.batches.set(key, [batch])
  else sameRequest.push(batch)
  return batch
}

function openClient(state: MachineState, hash: Uint8Array): ClientClaims {
  const key = keyText(hash)
  let client = state.clients.get(key)
  if (client === undefined) {
    client = { hash: new Uint8Array(hash), batches: new Set(), renewals: new ClaimHeap() }
    state.clients.set(key, client)
  }
  return client
}

/** Gives a claim to the receiver of a batch until `visibleAt`. */
export function hold(
  state: MachineState,
  claim: Claim,
  batch: ClaimBatch,
  autoRenew: boolean,
  visibleAt: Millis,
): void {
  joinBatch(state, claim, batch)
  claim.autoRenew = autoRenew
  moveTo(state, claim, visibleAt)
}

/** Says who holds a claim, without a change of its time. */
export function joinBatch(state: MachineState, claim: Claim, batch: ClaimBatch): void {
  if (claim.batch === batch) return
  leaveBatch(state, claim)
  claim.batch = batch
  batch.claims.add(claim)
}

/** Nobody holds the claim any more: it is visible at once. */
export function giveBack(state: MachineState, claim: Claim): void {
  leaveBatch(state, claim)
  claim.autoRenew = false
  moveTo(state, claim, state.now)
  state.arrived.add(claim.consumer.queue.topicId)
}

/** Changes when a claim becomes visible. */
export function moveTo(state: MachineState, claim: Claim, visibleAt: Millis): void {
  claim.visibleAt = visibleAt
  state.rows.touch(claim)
  listClaim(state, claim)
}

/** Lists a claim that is new, has moved or was loaded. */
export function listClaim(state: MachineState, claim: Claim): void {
  claim.turn++
  const { lane } = claim
  if (lane !== undefined) listInLane(state, claim, lane)
  else if (claim.exhausted) state.exhausted.push(claim)
  else claim.consumer.waiting.push(claim)
  if (claim.visibleAt > state.now) state.deadlines.push(claim)
  if (claim.autoRenew && claim.batch !== undefined) claim.batch.client.renewals.push(claim)
}

/** The message is consumed: the claim ends, and in a lane what was acked behind it. */
export function endClaim(state: MachineState, claim: Claim): void {
  dropClaim(state, claim)
  if (claim.lane !== undefined) leaveLane(state, claim, claim.lane)
}

function dropClaim(state: MachineState, claim: Claim): void {
  const { consumer } = claim
  assert(consumer.inFlight.get(claim.offset) === claim, 'a claim that ends is in flight')
  if (consumer.inFlight.size >= IN_FLIGHT_PER_GROUP_QUEUE_MAX) state.arrived.add(consumer.queue.topicId)
  leaveBatch(state, claim)
  consumer.inFlight.delete(claim.offset)
  state.rows.remove(claim)
  forgetMoved(state, consumer.queue, claim.offset)
}

/** What was acked behind a message that is consumed now is consumed with it, and the lane goes on. */
function leaveLane(state: MachineState, ended: Claim, lane: Lane<Claim>): void {
  const { book, queue } = ended.consumer
  if (book === undefined || lane.gone) return
  lane.open.splice(lane.open.indexOf(ended), 1)
  for (let first = lane.open[0]; first?.acked === true; first = lane.open[0]) {
    lane.open.shift()
    dropClaim(state, first)
  }
  const first = lane.open[0]
  if (first === undefined) lane.freeSince = state.now
  const wasFull = book.lanes.size >= LANES_PER_GROUP_TOPIC_MAX
  if (first === undefined) book.relist(lane)
  else listClaim(state, first)
  if (wasFull || lane.isReady(state.now)) state.arrived.add(queue.topicId)
}

/** The message is acked while one before it in its lane is not: it may be delivered again after that one. */
export function ackOutOfOrder(state: MachineState, claim: Claim): void {
  claim.acked = true
  claim.autoRenew = false
  leaveBatch(state, claim)
  moveTo(state, claim, state.now)
  if (claim.lane?.isReady(state.now) === true) state.arrived.add(claim.consumer.queue.topicId)
}

/** Deletes a group's place in a queue with all claims. All queues of the topic end together. */
export function endConsumer(state: MachineState, consumer: Consumer): void {
  if (consumer.book !== undefined) endBook(state, consumer.book)
  for (const claim of consumer.inFlight.values()) {
    consumer.inFlight.delete(claim.offset)
    leaveBatch(state, claim)
    state.rows.remove(claim)
    forgetMoved(state, consumer.queue, claim.offset)
  }
  state.rows.remove(consumer)
}

function leaveBatch(state: MachineState, claim: Claim): void {
  const { batch } = claim
  if (batch === undefined) return
  claim.batch = undefined
  batch.claims.delete(claim)
  if (batch.claims.size > 0) return
  forgetBatch(state, batch)
  batch.client.batches.delete(batch)
  if (batch.client.batches.size === 0) state.clients.delete(keyText(batch.client.hash))
}

function forgetBatch(state: MachineState, batch: ClaimBatch): void {
  const key = keyText(batch.request)
  const others = (state.batches.get(key) ?? []).filter((other) => other !== batch)
  if (others.length === 0) state.batches.delete(key)
  else state.batches.set(key, others)
}
