/**
 * The consumer groups: settings, the topics that each one reads, and its place in each of their queues.
 *
 * Group row: u8 version, u8 start, u16 0, u32 attempts max, u64 start time, u64 created at, name,
 * u32 count of topics, u32 topic id each; in version 2 then order and back-off (`group-policy.ts`).
 */
import type { Millis } from '../../base/brand.ts'
import type { Writer } from '../../base/bytes.ts'
import { START_KINDS } from './catalog-codec.ts'
import type { GroupId, QueueNumber, StartPolicy, TopicId } from './commands.ts'
import type { Claim, Consumer } from './consumer.ts'
import { type GroupPolicy, isPlainPolicy, writeOrder } from './group-policy.ts'
import { OrderBook } from './lane.ts'
import type { PullOffset } from './pull-offset.ts'
import { Row } from './rows.ts'
import { GROUP_POLICY_VERSION, ROW_VERSION, startKey, TABLE_GROUP } from './tables.ts'
import type { GroupView } from './view.ts'

/** One group. */
export class Group extends Row implements GroupView {
  readonly id: GroupId
  readonly name: string
  readonly start: StartPolicy
  policy: GroupPolicy
  readonly createdAt: Millis
  topics: TopicId[] = []
  /** The group's place in each queue of its topics. */
  readonly consumers = new Map<QueueNumber, Consumer>()
  /** By the id of a topic: the topic in which it gets dead letters of that one back. Found by their names. */
  readonly retryTopics = new Map<TopicId, TopicId>()
  /** The offsets that its clients keep there. */
  readonly pullOffsets = new Map<QueueNumber, PullOffset>()
  readonly #books = new Map<TopicId, OrderBook<Claim>>()

  constructor(id: GroupId, name: string, start: StartPolicy, policy: GroupPolicy, createdAt: Millis) {
    super()
    this.id = id
    this.name = name
    this.start = start
    this.policy = policy
    this.createdAt = createdAt
  }

  get attemptsMax(): number {
    return this.policy.attemptsMax
  }

  get fifo(): boolean {
    return this.policy.fifo
  }

  /** The order of a topic's messages for this group; `undefined` unless it is fifo. */
  book(topicId: TopicId): OrderBook<Claim> | undefined {
    if (!this.fifo) return undefined
    let book = this.#books.get(topicId)
    if (book === undefined) {
      book = new OrderBook(this.id, topicId)
      this.#books.set(topicId, book)
    }
    return book
  }

  /** All orders that were ever asked for, empty ones too. */
  books(): Iterable<OrderBook<Claim>> {
    return this.#books.values()
  }

  override sizeHint(): number {
    const { backoff } = this.policy
    const delays = backoff.kind === 'list' ? backoff.delaysMs.length : 0
    return 60 + this.name.length + 4 * this.topics.length + 8 * delays
  }

  override writeKey(into: Writer): void {
    startKey(into, TABLE_GROUP).uint32(this.id)
  }

  override writeValue(into: Writer): void {
    const plain = isPlainPolicy(this.policy)
    into.uint8(plain ? ROW_VERSION : GROUP_POLICY_VERSION)
    into.uint8(START_KINDS.indexOf(this.start.from)).uint16(0).uint32(this.attemptsMax)
    into.uint64(this.start.from === 'time' ? this.start.time : 0)
    into.uint64(this.createdAt).text16(this.name).uint32(this.topics.length)
    for (const topic of this.topics) into.uint32(topic)
    if (!plain) writeOrder(into, this.policy)
  }
}

/** All groups, by their names and numbers. */
export class Groups {
  readonly byId = new Map<GroupId, Group>()
  readonly #byName = new Map<string, Group>()

  named(name: string): Group | undefined {
    return this.#byName.get(name)
  }

  add(group: Group): void {
    this.byId.set(group.id, group)
    this.#byName.set(group.name, group)
  }

  remove(group: Group): void {
    this.byId.delete(group.id)
    this.#byName.delete(group.name)
  }

  consumer(groupId: GroupId, queue: QueueNumber): Consumer | undefined {
    return this.byId.get(groupId)?.consumers.get(queue)
  }
}
