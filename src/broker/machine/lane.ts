/**
 * The order of a fifo group in a topic: one lane for each message group of which something is not consumed. What
 * was handed out of a lane stands open until it is acked; what came after it is parked. Messages without a message
 * group have one lane for each queue.
 *
 * Rule: nothing is handed out of a lane while something open in it is held by a receiver.
 */
import type { Millis } from '../../base/brand.ts'
import { ClaimHeap } from './claim-heap.ts'
import type { GroupId, QueueNumber, TopicId } from './commands.ts'
import { type LanePlace, ParkedList } from './parked.ts'

const QUEUE_LANES_START = 2 ** 32

/**
 * The lane of a message: by the hash of its message group, 32 bits, or by its queue when the hash is 0. Message
 * groups with equal hashes share a lane: they keep their order and only wait for each other.
 */
export function laneKeyOf(orderHash: number, queue: QueueNumber): number {
  return orderHash === 0 ? QUEUE_LANES_START + queue : orderHash
}

/** What a lane needs to know of a message that was handed out. */
export interface Opened {
  readonly visibleAt: number
  /** Acked out of order: it goes when all before it are acked. */
  readonly acked: boolean
  readonly exhausted: boolean
}

export class Lane<T extends Opened> implements LanePlace {
  readonly groupId: GroupId
  readonly topicId: TopicId
  readonly key: number
  /** What was handed out and is not consumed, in the order of sending. Rule: the first is not acked. */
  readonly open: T[] = []
  readonly parked: ParkedList
  /** Since when nothing is open. */
  freeSince = 0 as Millis
  /** When everything open can be handed out again. */
  visibleAt = 0
  readonly offset = 0
  turn = 0
  gone = false

  constructor(book: OrderBook<T>, key: number) {
    this.groupId = book.groupId
    this.topicId = book.topicId
    this.key = key
    this.parked = new ParkedList(this)
  }

  get size(): number {
    return this.open.length + this.parked.count
  }

  /** Its first message has no attempts left and goes to the dead letter topic. */
  get stuck(): boolean {
    return this.open[0]?.exhausted === true
  }

  /** Something can be handed out at `now`. */
  isReady(now: number): boolean {
    return !this.gone && !this.stuck && this.visibleAt <= now
  }
}

/** The lanes of one fifo group in one topic. */
export class OrderBook<T extends Opened> {
  readonly groupId: GroupId
  readonly topicId: TopicId
  readonly lanes = new Map<number, Lane<T>>()
  /** Lanes by the time at which they can be handed out; none whose first message is exhausted. */
  readonly ready = new ClaimHeap<Lane<T>>()
  /** Messages parked in all lanes. */
  parked = 0

  constructor(groupId: GroupId, topicId: TopicId) {
    this.groupId = groupId
    this.topicId = topicId
  }

  /** The lane with this key, made when it is missing. Rule: it gets a message at once, or is relisted. */
  lane(key: number): Lane<T> {
    let lane = this.lanes.get(key)
    if (lane === undefined) {
      lane = new Lane(this, key)
      this.lanes.set(key, lane)
    }
    return lane
  }

  /** Lists a lane that has changed; an empty one ends. */
  relist(lane: Lane<T>): void {
    lane.turn++
    if (lane.size === 0) {
      lane.gone = true
      this.lanes.delete(lane.key)
      return
    }
    lane.visibleAt = lane.freeSince
    for (const message of lane.open) {
      if (!message.acked && message.visibleAt > lane.visibleAt) lane.visibleAt = message.visibleAt
    }
    if (!lane.stuck) this.ready.push(lane)
  }
}
