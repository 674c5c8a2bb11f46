/**
 * Sending: stored messages in an entry become pointers in consume queues. The bytes are read where they
 * stand; for each message nothing is made but its answer.
 */
import type { LogPosition, Millis, QueueOffset } from '../../base/brand.ts'
import { getUint64 } from '../../base/bytes.ts'
import type { Reply, SentMessage, TopicId } from './commands.ts'
import type { Queue } from './consume-queue.ts'
import type { Dedupe } from './dedupe.ts'
import { STAMP_MS_MAX } from './entry-codec.ts'
import { refused, type MachineState } from './state.ts'
import {
  STORED_HEADER_BYTES,
  orderHashOf,
  storedHeaderBytes,
  TYPED_HEADER_BYTES,
  TYPED_VERSION,
} from './stored-message.ts'
import {
  MESSAGE_TYPE_DELAY,
  MESSAGE_TYPE_FIFO,
  MESSAGE_TYPE_NORMAL,
  MESSAGE_TYPE_PRIORITY,
  MESSAGE_TYPE_TRANSACTION,
  takesTransactions,
  type Topic,
} from './topics.ts'
import { openTransaction } from './transactions.ts'

const UINT64_HIGH_MAX = 0x1f_ffff
const NO_OFFSET = 0 as QueueOffset
/** In the window of repeats: the message is a half message, and its transaction stands where others have an offset. */
const HALF_QUEUE_ID = 0xffff_ffff
const TYPED_VALUE_AT = 48
/** A send starts with the topic id and the count of messages. */
const SEND_HEADER_BYTES = 8

/**
 * Applies the send whose body is `[start, end)` of an entry. `position` is where the entry's first byte
 * stands in the log. All messages are stored or none; repeats among them are answered and not stored.
 */
export function send(
  state: MachineState,
  entry: DataView,
  start: number,
  end: number,
  position: number,
): Reply {
  if (end - start < SEND_HEADER_BYTES) return refused('BAD_REQUEST', 'a send is too short')
  const topicId: TopicId = entry.getUint32(start)
  const count = entry.getUint32(start + 4)
  if (!areMessages(entry, start + SEND_HEADER_BYTES, end, count)) {
    return refused('BAD_REQUEST', 'a send holds bytes that are no messages')
  }
  const topic = state.topics.byId.get(topicId)
  if (topic === undefined) return refused('TOPIC_NOT_FOUND', `topic ${topicId} does not exist`)
  const halves = takesTransactions(topic.messageType)
  if (halves && !hasRoom(state, topicId, entry, start + SEND_HEADER_BYTES, end, count)) {
    return refused('LIMIT_REACHED', 'too many transactions are open: end some first')
  }
  const { dedupe, rows, now } = state
  const messages: SentMessage[] = []
  let at = start + SEND_HEADER_BYTES
  let stored = false
  for (let i = 0; i < count; i++) {
    const identityA = entry.getUint32(at + 4)
    const identityB = entry.getUint32(at + 8)
    const bodyCrc = entry.getUint32(at + 12)
    const typed = entry.getUint8(at) === TYPED_VERSION
    const size = (typed ? TYPED_HEADER_BYTES : STORED_HEADER_BYTES) + entry.getUint32(at + 20)
    const bodyLength = entry.getUint32(at + 36)
    const slot = dedupe.find(identityA, identityB, bodyLength, bodyCrc, topicId, now)
    const type = typed ? entry.getUint8(at + 1) : MESSAGE_TYPE_NORMAL
    const dueMs = type === MESSAGE_TYPE_DELAY ? getUint64(entry, at + 48) : 0
    if (slot >= 0) {
      messages.push(answered(dedupe, slot))
    } else if (dueMs > now) {
      const pointer = { position: (position + at) as LogPosition, size, tagHash: entry.getUint32(at + 16) }
      const { id } = state.timers.add(dueMs as Millis, topicId, pointer)
      const timer = { id, dueMs: dueMs as Millis }
      dedupe.rememberTimer(identityA, identityB, bodyLength, bodyCrc, topicId, timer, now)
      messages.push({ queueId: 0, offset: NO_OFFSET, repeated: false, timer, transaction: undefined })
    } else if (halves && entry.getUint8(at + 1) === MESSAGE_TYPE_TRANSACTION) {
      const transaction = (position + at) as LogPosition
      const half = { position: transaction, size, tagHash: entry.getUint32(at + 16) }
      openTransaction(state, topic, half, typed ? getUint64(entry, at + TYPED_VALUE_AT) : 0)
      const place = transaction as number as QueueOffset
      dedupe.remember(identityA, identityB, bodyLength, bodyCrc, topicId, HALF_QUEUE_ID, place, now)
      messages.push({ queueId: 0, offset: NO_OFFSET, repeated: false, timer: undefined, transaction })
    } else {
      const queue = queueOf(topic, type, entry, at)
      const orderHash = type === MESSAGE_TYPE_FIFO ? orderHashOf(entry.getUint32(at + 56)) : 0
      const offset = queue.append(rows, position + at, size, entry.getUint32(at + 16), 0, orderHash)
      dedupe.remember(identityA, identityB, bodyLength, bodyCrc, topicId, queue.queueId, offset, now)
      const { queueId } = queue
      messages.push({ queueId, offset, repeated: false, timer: undefined, transaction: undefined })
      stored = true
    }
    at += size
  }
  if (stored) {
    rows.touch(topic)
    state.arrived.add(topicId)
  }
  return { type: 'sent', messages }
}

/** Whether the transactions that the messages open still fit. Looks at each only when not all of them would. */
function hasRoom(
  state: MachineState,
  topicId: TopicId,
  entry: DataView,
  start: number,
  end: number,
  count: number,
): boolean {
  const { transactions, dedupe, now } = state
  if (transactions.hasRoom(count, end - start)) return true
  let halves = 0
  let bytes = 0
  for (let i = 0, at = start; i < count; i++) {
    const size = (storedHeaderBytes(entry.getUint8(at)) ?? 0) + entry.getUint32(at + 20)
    const slot = dedupe.find(
      entry.getUint32(at + 4),
      entry.getUint32(at + 8),
      entry.getUint32(at + 36),
      entry.getUint32(at + 12),
      topicId,
      now,
    )
    if (slot < 0 && entry.getUint8(at + 1) === MESSAGE_TYPE_TRANSACTION) {
      halves++
      bytes += size
    }
    at += size
  }
  return halves === 0 || transactions.hasRoom(halves, bytes)
}

/** What the first of two equal messages was answered. */
function answered(dedupe: Dedupe, slot: number): SentMessage {
  const timer = dedupe.timerOf(slot)
  if (timer !== undefined)
    return { queueId: 0, offset: NO_OFFSET, repeated: true, timer, transaction: undefined }
  const queueId = dedupe.queueIdOf(slot)
  const offset = dedupe.offsetOf(slot)
  if (queueId !== HALF_QUEUE_ID) return { queueId, offset, repeated: true, timer, transaction: undefined }
  return {
    queueId: 0,
    offset: NO_OFFSET,
    repeated: true,
    timer,
    transaction: offset as number as LogPosition,
  }
}

/** The queue of the message whose header stands at `at`: by message group, by priority, or each in turn. */
function queueOf(topic: Topic, type: number, entry: DataView, at: number): Queue {
  if (type === MESSAGE_TYPE_FIFO) return topic.queueOf(entry.getUint32(at + 60))
  if (type === MESSAGE_TYPE_PRIORITY) return topic.queueOfPriority(getUint64(entry, at + 48))
  return topic.takeQueue()
}

/** Whether `[start, end)` is exactly `count` stored messages, one or more. The rules of `readStoredHeader`. */
function areMessages(entry: DataView, start: number, end: number, count: number): boolean {
  let at = start
  for (let i = 0; i < count; i++) {
    if (end - at < STORED_HEADER_BYTES) return false
    const rawLength = entry.getUint32(at + 20)
    const headerBytes = storedHeaderBytes(entry.getUint8(at))
    if (headerBytes === undefined || end - at < headerBytes) return false
    if (entry.getUint32(at + 40) > UINT64_HIGH_MAX) return false
    if (headerBytes === TYPED_HEADER_BYTES && entry.getUint32(at + 48) > UINT64_HIGH_MAX) return false
    const isDelayed = headerBytes === TYPED_HEADER_BYTES && entry.getUint8(at + 1) === MESSAGE_TYPE_DELAY
    if (isDelayed && getUint64(entry, at + 48) > STAMP_MS_MAX) return false
    if (entry.getUint32(at + 24) + entry.getUint32(at + 28) > rawLength) return false
    if (entry.getUint32(at + 32) + entry.getUint32(at + 36) > rawLength) return false
    at += headerBytes + rawLength
    if (at > end) return false
  }
  return count > 0 && at === end
}
