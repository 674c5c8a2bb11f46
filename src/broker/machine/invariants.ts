/** The rules that hold between any two entries. Walks everything: for tests and for a look at a broken node. */
import { ATTEMPTS_MAX, IN_FLIGHT_PER_GROUP_QUEUE_MAX, QUEUE_PAGE_POINTERS } from '../../base/limits.ts'
import { pageOf, type Queue } from './consume-queue.ts'
import type { Claim, ClaimBatch, Consumer } from './consumer.ts'
import type { Group } from './groups.ts'
import { bookFaults } from './lane-invariants.ts'
import { keyText, type MachineState } from './state.ts'
import type { Topic } from './topics.ts'

/** Rules that do not hold, as sentences. Empty when all hold. */
export function stateFaults(state: MachineState): string[] {
  const faults = [...state.dedupe.faults(), ...state.requests.faults(), ...transactionFaults(state)]
  rule(faults, state.floor <= state.rising, 'the floor is not above the rising one')
  let parked = 0
  for (const group of state.groups.byId.values()) for (const book of group.books()) parked += book.parked
  rule(faults, parked === state.parked, 'what is parked is counted')
  for (const topic of state.topics.byId.values()) topicFaults(state, topic, faults)
  for (const group of state.groups.byId.values()) groupFaults(state, group, faults)
  for (const [key, batches] of state.batches) {
    rule(faults, batches.length > 0, 'a request that is listed holds something')
    for (const batch of batches) batchFaults(state, key, batch, faults)
  }
  for (const client of state.clients.values())
    rule(faults, client.batches.size > 0, 'a client holds something')
  return [...new Set(faults)]
}

function transactionFaults(state: MachineState): string[] {
  const faults = [...state.transactions.faults(), ...state.ended.faults()]
  for (const { transaction, topicId, position } of state.transactions.byNumber.values()) {
    rule(faults, state.topics.byId.has(topicId), 'an open transaction has a topic')
    rule(faults, position >= state.floor, 'no floor passes a half message')
    rule(faults, position >= transaction, 'a half message is moved up')
    const isOpen = state.ended.find(transaction, topicId, state.now) === undefined
    rule(faults, isOpen, 'what ended is not open')
  }
  return faults
}

function batchFaults(state: MachineState, key: string, batch: ClaimBatch, faults: string[]): void {
  rule(faults, batch.claims.size > 0, 'a batch holds claims')
  rule(faults, key === keyText(batch.request), 'a batch is listed under its request')
  rule(faults, batch.client.batches.has(batch), 'a client knows its batches')
  rule(faults, state.clients.get(keyText(batch.client.hash)) === batch.client, 'a holder is listed')
  for (const claim of batch.claims)
    rule(faults, !claim.gone && claim.batch === batch, 'a batch holds live claims')
}

function topicFaults(state: MachineState, topic: Topic, faults: string[]): void {
  rule(faults, topic.id < state.nextTopicId, 'topic ids are not given out twice')
  rule(faults, topic.nextQueue < topic.queues.length, 'the next queue of a topic exists')
  rule(faults, state.topics.named(topic.name) === topic, 'a topic is found by its name')
  for (const [queueId, queue] of topic.queueList.entries()) {
    movedFaults(state, queue, faults)
    rule(faults, queue.queueId === queueId && queue.topicId === topic.id, 'queues stand in order')
    rule(faults, queue.queue < state.nextQueue, 'queue numbers are not given out twice')
    rule(faults, state.topics.queues.get(queue.queue) === queue, 'a queue is found by its number')
    queueFaults(queue, faults)
  }
}

function queueFaults(queue: Queue, faults: string[]): void {
  const { page, minOffset, nextOffset } = queue
  rule(faults, minOffset <= nextOffset, 'a queue does not end before it begins')
  const end = page === undefined ? 0 : page.number * QUEUE_PAGE_POINTERS + page.count
  rule(faults, end === nextOffset, 'the newest page reaches the end of its queue')
  const keptFrom = queue.firstPage ?? 0
  rule(faults, keptFrom <= pageOf(minOffset), 'the pages of a queue reach back to its minimum')
}

function movedFaults(state: MachineState, queue: Queue, faults: string[]): void {
  for (const [offset, moved] of queue.moved) {
    const groups = [...state.groups.byId.values()]
    const held = groups.some((group) => group.consumers.get(queue.queue)?.inFlight.has(offset))
    rule(faults, held || offset >= queue.minOffset, 'a message that was moved up is needed')
    rule(faults, moved.position >= state.floor || offset >= queue.minOffset, 'claims stand above the floor')
  }
}

function groupFaults(state: MachineState, group: Group, faults: string[]): void {
  rule(faults, group.id < state.nextGroupId, 'group ids are not given out twice')
  rule(faults, state.groups.named(group.name) === group, 'a group is found by its name')
  let places = 0
  for (const id of group.topics) {
    const topic = state.topics.byId.get(id)
    rule(faults, topic !== undefined, 'a group reads topics that exist')
    for (const queue of topic?.queues ?? []) {
      places++
      rule(faults, group.consumers.has(queue), 'a group has a place in every queue of its topics')
    }
  }
  retryFaults(state, group, faults)
  rule(faults, places === group.consumers.size, 'a group has no other places')
  for (const consumer of group.consumers.values()) consumerFaults(state, consumer, faults)
  for (const [number, { offset }] of group.pullOffsets) {
    const end = state.topics.queues.get(number)?.nextOffset ?? -1
    rule(faults, offset <= end, 'a stored offset is in a queue that exists')
  }
  for (const book of group.books()) faults.push(...bookFaults(state, group, book))
}

function retryFaults(state: MachineState, group: Group, faults: string[]): void {
  for (const [of, id] of group.retryTopics) {
    rule(faults, state.topics.byId.has(of), 'a retry topic is of a topic that exists')
    rule(faults, group.topics.includes(id), 'a group reads its retry topics')
  }
}

function consumerFaults(state: MachineState, consumer: Consumer, faults: string[]): void {
  const { queue, cursor, inFlight } = consumer
  rule(faults, state.topics.queues.get(queue.queue) === queue, 'a consumer reads a queue that exists')
  rule(faults, cursor <= queue.nextOffset, 'a cursor is not past the end')
  rule(faults, inFlight.size <= IN_FLIGHT_PER_GROUP_QUEUE_MAX, 'what is in flight is limited')
  let before = -1
  for (const [offset, claim] of inFlight) {
    rule(faults, offset > before || consumer.book !== undefined, 'messages in flight stand in order')
    before = offset
    const hasPointer = queue.moved.has(offset) || pageOf(offset) >= (queue.firstPage ?? 0)
    rule(faults, hasPointer, 'a message in flight has a pointer')
    claimFaults(state, claim, faults)
  }
}

function claimFaults(state: MachineState, claim: Claim, faults: string[]): void {
  const { consumer, batch } = claim
  rule(faults, consumer.inFlight.get(claim.offset) === claim && !claim.gone, 'a claim is in flight')
  rule(faults, claim.offset < consumer.cursor, 'messages in flight are before the cursor')
  const inRange = claim.attempt <= ATTEMPTS_MAX || consumer.book !== undefined
  rule(faults, claim.attempt >= 0 && inRange, 'attempts are in range')
  rule(faults, claim.attempt > 0 || batch === undefined, 'a held claim has an attempt')
  rule(faults, batch === undefined || batch.claims.has(claim), 'a batch knows its claims')
  const listed = batch === undefined || state.batches.get(keyText(batch.request))?.includes(batch) === true
  rule(faults, listed, 'a batch that holds claims is listed')
  rule(faults, batch !== undefined || claim.visibleAt <= state.now, 'what nobody holds is visible')
  rule(faults, claim.firstClaimedAt <= state.now, 'a delivery began before now')
  rule(faults, (claim.lane === undefined) === (consumer.book === undefined), 'fifo groups have lanes')
  const list = claim.exhausted ? state.exhausted : consumer.waiting
  const isListed = claim.lane === undefined || (claim.exhausted && claim.lane.open[0] === claim)
  if (isListed) rule(faults, list.has(claim), 'a claim is listed by its time')
  const due = claim.visibleAt > state.now
  rule(faults, !due || state.deadlines.has(claim), 'a deadline to come is known')
  const renewed = due && claim.autoRenew && batch !== undefined
  if (renewed) rule(faults, batch.client.renewals.has(claim), 'a claim to renew is listed')
}

function rule(faults: string[], holds: boolean, sentence: string): void {
  if (!holds) faults.push(sentence)
}
