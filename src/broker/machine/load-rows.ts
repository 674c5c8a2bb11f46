/**
 * Reads the rows of topics, queues, groups, consumers and claims back into objects. Each function throws
 * `BytesError` for a row that does not fit, before it has changed anything.
 */
import type { LogPosition, Millis, QueueOffset } from '../../base/brand.ts'
import { BytesError, Reader } from '../../base/bytes.ts'
import { ATTEMPTS_MAX } from '../../base/limits.ts'
import { START_KINDS } from './catalog-codec.ts'
import { CLIENT_HASH_BYTES, REQUEST_KEY_BYTES } from './command-encode.ts'
import type { QueueNumber, StartPolicy } from './commands.ts'
import { Queue } from './consume-queue.ts'
import { Claim, CLAIM_ACKED, CLAIM_AUTO_RENEW, CLAIM_HELD, CLAIM_REPEAT, Consumer } from './consumer.ts'
import { plainPolicy, readOrder } from './group-policy.ts'
import { Group } from './groups.ts'
import { joinBatch, listClaim, openBatch } from './holding.ts'
import { Moved } from './moved.ts'
import { ParkedPage } from './parked.ts'
import { PullOffset } from './pull-offset.ts'
import type { MachineState } from './state.ts'
import { CLAIM_LANE_VERSION, ROW_VERSION } from './tables.ts'
import { Topic } from './topics.ts'

const KEY_START = 2
const VALUE_START = 1

/** A row as it was found. */
export interface FoundRow {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Where rows go. Queues stand apart until their topic is read. */
export interface RowSink {
  readonly state: MachineState
  readonly queues: Map<QueueNumber, Queue>
}

/** Reads a queue row. Its topic comes later. */
export function readQueue(sink: RowSink, row: FoundRow): void {
  const key = new Reader(row.key, KEY_START)
  const value = new Reader(row.value, VALUE_START)
  const queue = new Queue(key.uint32(), value.uint32(), value.uint32())
  queue.minOffset = value.uint64() as QueueOffset
  queue.nextOffset = value.uint64() as QueueOffset
  check(key, value, queue.minOffset <= queue.nextOffset, 'a queue ends before it begins')
  sink.queues.set(queue.queue, queue)
  sink.state.rows.restore(queue, row.key, row.value)
}

/** Reads a topic row. All queues are read. */
export function readTopic(sink: RowSink, row: FoundRow): void {
  const { state, queues } = sink
  const key = new Reader(row.key, KEY_START)
  const value = new Reader(row.value)
  const version = value.uint8()
  const id = key.uint32()
  const messageType = value.uint8()
  value.skip(2)
  const nextQueue = value.uint32()
  const createdAt = value.uint64() as Millis
  const name = value.text16()
  const list: Queue[] = []
  for (let left = value.uint32(); left > 0; left--) {
    const queue = queues.get(value.uint32())
    if (queue === undefined || queue.topicId !== id || queue.queueId !== list.length) {
      throw new BytesError('a topic lacks a queue')
    }
    list.push(queue)
  }
  const topic = new Topic(id, name, messageType, createdAt, list)
  if (version !== ROW_VERSION) {
    topic.permission = value.uint8()
    topic.retentionMs = value.uint64() as Millis
  }
  check(key, value, nextQueue < list.length, 'a topic has no such next queue')
  topic.nextQueue = nextQueue
  state.topics.add(topic)
  state.rows.restore(topic, row.key, row.value)
}

/** Reads a group row. All topics are read. */
export function readGroup({ state }: RowSink, row: FoundRow): void {
  const key = new Reader(row.key, KEY_START)
  const value = new Reader(row.value)
  const version = value.uint8()
  const id = key.uint32()
  const from = START_KINDS[value.uint8()]
  value.skip(2)
  const attemptsMax = value.uint32()
  const time = value.uint64() as Millis
  const createdAt = value.uint64() as Millis
  const name = value.text16()
  const topics: number[] = []
  for (let left = value.uint32(); left > 0; left--) topics.push(value.uint32())
  const policy = version === ROW_VERSION ? plainPolicy(attemptsMax) : readOrder(value, attemptsMax)
  check(key, value, attemptsMax > 0, 'a group has no attempts')
  if (from === undefined) throw new BytesError('a start policy is not known')
  if (topics.some((topic) => !state.topics.byId.has(topic))) throw new BytesError('a group lacks a topic')
  const start: StartPolicy = from === 'time' ? { from, time } : { from }
  const group = new Group(id, name, start, policy, createdAt)
  group.topics = topics
  state.groups.add(group)
  state.rows.restore(group, row.key, row.value)
}

/** Reads a consumer row. All groups and queues are read. */
export function readConsumer({ state }: RowSink, row: FoundRow): void {
  const key = new Reader(row.key, KEY_START)
  const value = new Reader(row.value)
  const version = value.uint8()
  const group = state.groups.byId.get(key.uint32())
  const queue = state.topics.queues.get(key.uint32())
  const cursor = value.uint64() as QueueOffset
  const history = version === ROW_VERSION ? undefined : { resets: value.uint32(), missed: value.uint64() }
  if (group === undefined || queue === undefined) throw new BytesError('a consumer lacks its group or queue')
  check(key, value, cursor <= queue.nextOffset, 'a cursor is past the end')
  const consumer = new Consumer(group, queue, cursor, history)
  group.consumers.set(queue.queue, consumer)
  state.rows.restore(consumer, row.key, row.value)
}

/** Reads a claim row. All consumers are read, and smaller offsets of the same queue. */
export function readClaim({ state }: RowSink, row: FoundRow): void {
  const key = new Reader(row.key, KEY_START)
  const value = new Reader(row.value)
  const version = value.uint8()
  const consumer = state.groups.consumer(key.uint32(), key.uint32())
  const offset = key.uint64() as QueueOffset
  const flags = value.uint8()
  value.skip(2)
  const attempt = value.uint32()
  const visibleAt = value.uint64() as Millis
  const firstClaimedAt = value.uint64() as Millis
  const request = value.take(REQUEST_KEY_BYTES)
  const client = value.take(CLIENT_HASH_BYTES)
  const laneKey = version === CLAIM_LANE_VERSION ? value.uint64() : undefined
  const place = version === CLAIM_LANE_VERSION ? value.uint64() : 0
  if (consumer === undefined) throw new BytesError('a claim lacks its consumer')
  const { book } = consumer
  if ((book === undefined) !== (laneKey === undefined)) throw new BytesError('a claim has another order')
  const inRange = attempt <= ATTEMPTS_MAX || laneKey !== undefined
  const fits = offset < consumer.cursor && inRange
  check(key, value, fits, 'a claim does not fit its consumer')
  const claim = new Claim(consumer, offset, attempt, firstClaimedAt)
  claim.visibleAt = visibleAt
  claim.autoRenew = (flags & CLAIM_AUTO_RENEW) !== 0
  if ((flags & CLAIM_HELD) !== 0) joinBatch(state, claim, openBatch(state, request, client))
  consumer.restore(claim)
  if (book !== undefined && laneKey !== undefined) {
    claim.lane = book.lane(laneKey)
    claim.place = place
    claim.acked = (flags & CLAIM_ACKED) !== 0
    claim.repeat = (flags & CLAIM_REPEAT) !== 0
    claim.lane.open.push(claim)
  } else {
    listClaim(state, claim)
  }
  state.rows.restore(claim, row.key, row.value)
}

/** Reads a page of parked messages. All consumers are read, and pages of the same lane with smaller numbers. */
export function readParked({ state }: RowSink, row: FoundRow): void {
  const key = new Reader(row.key, KEY_START)
  const value = new Reader(row.value, VALUE_START)
  const group = state.groups.byId.get(key.uint32())
  const book = group?.book(key.uint32())
  const laneKey = key.uint64()
  const number = key.uint64()
  value.skip(1)
  const count = value.uint16()
  const consumer = group?.consumers.get(value.uint32())
  const offsets: QueueOffset[] = []
  for (let left = count; left > 0; left--) offsets.push(value.uint64() as QueueOffset)
  if (book === undefined || consumer?.book !== book) throw new BytesError('a parked message lacks its group')
  const inOrder = offsets.every((offset, at) => offset > (offsets[at - 1] ?? -1) && offset < consumer.cursor)
  check(key, value, count > 0 && inOrder, 'parked messages do not fit their queue')
  const lane = book.lane(laneKey)
  const page = new ParkedPage(lane, number, consumer.queue.queue, offsets)
  lane.parked.restore(page)
  for (const counts of [consumer, book, state]) counts.parked += count
  state.rows.restore(page, row.key, row.value)
}

/** Puts lanes in order and lists them. All rows are read. */
export function finishLanes({ state }: RowSink): void {
  for (const group of state.groups.byId.values()) {
    for (const book of group.books()) {
      for (const lane of book.lanes.values()) {
        lane.open.sort((one, other) => one.place - other.place)
        for (const claim of lane.open) listClaim(state, claim)
        book.relist(lane)
      }
    }
  }
}

/** Reads the row of a message that was moved up. All queues are read. */
export function readMoved({ state }: RowSink, row: FoundRow): void {
  const key = new Reader(row.key, KEY_START)
  const value = new Reader(row.value, VALUE_START)
  const queue = state.topics.queues.get(key.uint32())
  const offset = key.uint64() as QueueOffset
  const pointer = { position: value.uint64() as LogPosition, size: value.uint32(), tagHash: value.uint32() }
  if (queue === undefined) throw new BytesError('a moved message lacks its queue')
  check(key, value, offset < queue.nextOffset, 'a moved message is past the end')
  const moved = new Moved(queue.queue, offset, pointer)
  queue.moved.set(offset, moved)
  state.movedBytes += moved.size
  state.rows.restore(moved, row.key, row.value)
}

/** Reads the row of an offset that a group keeps itself. All groups and queues are read. */
export function readPullOffset({ state }: RowSink, row: FoundRow): void {
  const key = new Reader(row.key, KEY_START)
  const value = new Reader(row.value, VALUE_START)
  const group = state.groups.byId.get(key.uint32())
  const queue = state.topics.queues.get(key.uint32())
  const offset = value.uint64() as QueueOffset
  const storedAt = value.uint64() as Millis
  if (group === undefined || queue === undefined) throw new BytesError('an offset lacks its group or queue')
  check(key, value, offset <= queue.nextOffset, 'a stored offset is past the end')
  const stored = new PullOffset(group.id, queue.queue, offset, storedAt)
  group.pullOffsets.set(queue.queue, stored)
  state.rows.restore(stored, row.key, row.value)
}

function check(key: Reader, value: Reader, fits: boolean, otherwise: string): void {
  key.end()
  value.end()
  if (!fits) throw new BytesError(otherwise)
}
