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
  type Topic,
} from './topics.ts'

const UINT64_HIGH_MAX = 0x1f_ffff
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
      messages.push({ queueId: 0, offset: 0 as QueueOffset, repeated: false, timer })
    } else {
      const queue = queueOf(topic, type, entry, at)
      const orderHash = type === MESSAGE_TYPE_FIFO ? orderHashOf(entry.getUint32(at + 56)) : 0
      const offset = queue.append(rows, position + at, size, entry.getUint32(at + 16), 0, orderHash)
      dedupe.remember(identityA, identityB, bodyLength, bodyCrc, topicId, queue.queueId, offset, now)
      messages.push({ queueId: queue.queueId, offset, repeated: false, timer: undefined })
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

/** What the first of two equal messages was answered. */
function answered(dedupe: Dedupe, slot: number): SentMessage {
  const timer = dedupe.timerOf(slot)
  if (timer !== undefined) return { queueId: 0, offset: 0 as QueueOffset, repeated: true, timer }
  return { queueId: dedupe.queueIdOf(slot), offset: dedupe.offsetOf(slot), repeated: true, timer }
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
