/**
 * The topics and their queues. Topic ids and queue numbers are given out once and never again.
 *
 * Topic row: u8 version, u8 message type, u16 0, u32 next queue (round robin), u64 created at, name,
 * u32 count of queues, u32 queue number each; in version 2 then u8 permission, u64 retention ms.
 */
import type { Millis } from '../../base/brand.ts'
import type { Writer } from '../../base/bytes.ts'
import type { QueueNumber, TopicId } from './commands.ts'
import type { Queue } from './consume-queue.ts'
import { Row } from './rows.ts'
import { ROW_VERSION, startKey, TABLE_TOPIC, TOPIC_RULES_VERSION } from './tables.ts'
import type { TopicView } from './view.ts'

/** The types of messages, and of topics that take only such (apache.rocketmq.v2: MessageType). */
export const MESSAGE_TYPE_NORMAL = 1
export const MESSAGE_TYPE_FIFO = 2
export const MESSAGE_TYPE_DELAY = 3
export const MESSAGE_TYPE_TRANSACTION = 4
export const MESSAGE_TYPE_LITE = 5
export const MESSAGE_TYPE_PRIORITY = 6

/** A topic that takes NORMAL, FIFO, DELAY and TRANSACTION messages (RocketMQ: TopicMessageType.MIXED). */
export const TOPIC_TYPE_MIXED = 127

/** What a mixed topic takes. */
const MIXED_TYPES: readonly number[] = [
  MESSAGE_TYPE_NORMAL,
  MESSAGE_TYPE_FIFO,
  MESSAGE_TYPE_DELAY,
  MESSAGE_TYPE_TRANSACTION,
]

const TYPE_NAMES = ['', 'NORMAL', 'FIFO', 'DELAY', 'TRANSACTION', 'LITE', 'PRIORITY']

/** The name of a type of messages or topics, for people. */
export function messageTypeName(type: number): string {
  return type === TOPIC_TYPE_MIXED ? 'MIXED' : TYPE_NAMES[type] || `type ${type}`
}

/** Who may use a topic (apache.rocketmq.v2: Permission). */
export const PERMISSION_NONE = 1
export const PERMISSION_READ = 2
export const PERMISSION_WRITE = 3
export const PERMISSION_READ_WRITE = 4

export function isPermission(permission: number): boolean {
  return permission >= PERMISSION_NONE && permission <= PERMISSION_READ_WRITE
}

/** Whether a topic can be of this type. */
export function isTopicType(type: number): boolean {
  return (type >= MESSAGE_TYPE_NORMAL && type <= MESSAGE_TYPE_PRIORITY) || type === TOPIC_TYPE_MIXED
}

/** The types of messages that a topic of this type takes. */
export function acceptedTypes(topicType: number): readonly number[] {
  return topicType === TOPIC_TYPE_MIXED ? MIXED_TYPES : [topicType]
}

/** Whether messages of a topic of this type can open transactions. */
export function takesTransactions(topicType: number): boolean {
  return topicType === MESSAGE_TYPE_TRANSACTION || topicType === TOPIC_TYPE_MIXED
}

/** The start of the name of a group's dead letter topic. */
export const DEAD_LETTER_PREFIX = '%DLQ%'

/** The start of the name of a topic in which a group gets dead letters back. */
export const RETRY_PREFIX = '%RETRY%'

/**
 * The topic holds messages that came there long after they were stored: they are kept by when they came, and their bytes
 * move up before a floor.
 */
export function holdsOldMessages(name: string): boolean {
  return isDeadLetterTopic(name) || name.startsWith(RETRY_PREFIX)
}

/** The topic holds what a group could not consume (RocketMQ: MixAll.DLQ_GROUP_TOPIC_PREFIX). */
export function isDeadLetterTopic(name: string): boolean {
  return name.startsWith(DEAD_LETTER_PREFIX)
}

/** One topic. */
export class Topic extends Row implements TopicView {
  readonly id: TopicId
  readonly name: string
  readonly messageType: number
  readonly createdAt: Millis
  queues: readonly QueueNumber[]
  /** The queues themselves, in the order of their queue ids. */
  queueList: readonly Queue[]
  permission: number = PERMISSION_READ_WRITE
  /** 0: as long as the log keeps them. */
  retentionMs = 0 as Millis
  /** Which queue the next message goes to. Rule: below the number of queues. */
  nextQueue = 0

  constructor(id: TopicId, name: string, messageType: number, createdAt: Millis, queues: readonly Queue[]) {
    super()
    this.id = id
    this.name = name
    this.messageType = messageType
    this.createdAt = createdAt
    this.queueList = queues
    this.queues = queues.map((queue) => queue.queue)
  }

  /** The queue for the next message: each in turn, so that queues differ by one message at most. */
  takeQueue(): Queue {
    const at = this.nextQueue
    this.nextQueue = at + 1 === this.queueList.length ? 0 : at + 1
    return this.queueList[at] as Queue
  }

  /** The queue of a priority: a queue each, the last one for all that is higher (RocketMQ: RIP-80). */
  queueOfPriority(priority: number): Queue {
    return this.queueList[Math.min(priority, this.queueList.length - 1)] as Queue
  }

  /** The queue of a message group, by the lower half of its hash. It changes when the number of queues does. */
  queueOf(hash: number): Queue {
    return this.queueList[hash % this.queueList.length] as Queue
  }

  override sizeHint(): number {
    return 39 + this.name.length + 4 * this.queues.length
  }

  override writeKey(into: Writer): void {
    startKey(into, TABLE_TOPIC).uint32(this.id)
  }

  override writeValue(into: Writer): void {
    const plain = this.permission === PERMISSION_READ_WRITE && this.retentionMs === 0
    into
      .uint8(plain ? ROW_VERSION : TOPIC_RULES_VERSION)
      .uint8(this.messageType)
      .uint16(0)
      .uint32(this.nextQueue)
    into.uint64(this.createdAt).text16(this.name).uint32(this.queues.length)
    for (const queue of this.queues) into.uint32(queue)
    if (!plain) into.uint8(this.permission).uint64(this.retentionMs)
  }
}

/** All topics and queues, by their names and numbers. */
export class Topics {
  readonly byId = new Map<TopicId, Topic>()
  readonly #byName = new Map<string, Topic>()
  readonly queues = new Map<QueueNumber, Queue>()

  named(name: string): Topic | undefined {
    return this.#byName.get(name)
  }

  add(topic: Topic): void {
    this.byId.set(topic.id, topic)
    this.#byName.set(topic.name, topic)
    for (const queue of topic.queueList) this.queues.set(queue.queue, queue)
  }

  /** Adds queues to a topic that is there. */
  grow(topic: Topic, added: readonly Queue[]): void {
    topic.queueList = [...topic.queueList, ...added]
    topic.queues = topic.queueList.map((queue) => queue.queue)
    for (const queue of added) this.queues.set(queue.queue, queue)
  }

  remove(topic: Topic): void {
    this.byId.delete(topic.id)
    this.#byName.delete(topic.name)
    for (const queue of topic.queues) this.queues.delete(queue)
  }
}
