/**
 * A group's place in a queue and the messages in flight there, with who holds them.
 *
 * Consumer row: u8 version, u64 cursor; in version 2 then u32 resets, u64 missed.
 * Claim row: u8 version, u8 flags (1 held, 2 auto renew), u16 0, u32 attempt, u64 visible at,
 * u64 first claimed at, 16 request, 8 client. Request and client are 0 when nobody holds the claim. Version 2, of
 * a fifo group, has two more flags (4 acked, 8 repeat) and then u64 lane, u64 place in the lane.
 */
import type { Millis, QueueOffset } from '../../base/brand.ts'
import type { Writer } from '../../base/bytes.ts'
import { ClaimHeap } from './claim-heap.ts'
import { CLIENT_HASH_BYTES, REQUEST_KEY_BYTES } from './command-encode.ts'
import type { GroupId, TopicId } from './commands.ts'
import type { Queue } from './consume-queue.ts'
import { deliveryNumber } from './delivery-number.ts'
import { type Lane, type Opened, type OrderBook } from './lane.ts'
import { Row } from './rows.ts'
import {
  CLAIM_LANE_VERSION,
  CONSUMER_HISTORY_VERSION,
  ROW_VERSION,
  startKey,
  TABLE_CLAIM,
  TABLE_CONSUMER,
} from './tables.ts'
import type { ClaimView, ConsumerView } from './view.ts'

export const CLAIM_HELD = 1
export const CLAIM_AUTO_RENEW = 2
export const CLAIM_ACKED = 4
export const CLAIM_REPEAT = 8

const NO_REQUEST = new Uint8Array(REQUEST_KEY_BYTES)
const NO_CLIENT = new Uint8Array(CLIENT_HASH_BYTES)

/** What a place in a queue needs to know of its group. */
export interface ConsumerGroup {
  readonly id: GroupId
  readonly attemptsMax: number
  readonly fifo: boolean
  /** The order of a topic's messages; `undefined` unless the group is fifo. */
  book(topicId: TopicId): OrderBook<Claim> | undefined
}

/** What a place keeps when it begins anew. */
export interface PlaceHistory {
  readonly resets: number
  readonly missed: number
}

const NEW_PLACE: PlaceHistory = { resets: 0, missed: 0 }

/** A group's place in one queue. */
export class Consumer extends Row {
  readonly groupId: GroupId
  readonly group: ConsumerGroup
  readonly queue: Queue
  /** The next message that was never handed out. Rule: at most the queue's next offset. */
  cursor: QueueOffset
  /**
   * Messages in flight by their offsets, in ascending order unless the group is fifo: new ones come so and others
   * keep their place. Rule: all below the cursor.
   */
  readonly inFlight = new Map<QueueOffset, Claim>()
  /** The order of the topic, of which this queue is a part; `undefined` unless the group is fifo. */
  readonly book: OrderBook<Claim> | undefined
  /** Messages of this queue that are parked in lanes. */
  parked = 0
  /** Claims with attempts left, by the time they become visible. Empty when the group is fifo. */
  readonly waiting = new ClaimHeap<Claim>()
  /** How often the place was reset: see `delivery-number.ts`. */
  readonly resets: number
  /** Messages that retention took away before the group was given them. */
  missed: number
  /** Rule: nothing before it is in flight. */
  #committed: QueueOffset

  constructor(group: ConsumerGroup, queue: Queue, cursor: QueueOffset, history: PlaceHistory = NEW_PLACE) {
    super()
    this.groupId = group.id
    this.group = group
    this.queue = queue
    this.cursor = cursor
    this.#committed = cursor
    this.book = group.book(queue.topicId)
    this.resets = history.resets
    this.missed = history.missed
  }

  /**
   * Everything before it is consumed. It only moves forward, so that looking for it costs one step a message
   * over all calls (the first key of a map with many deletions would cost a step a deletion, each time).
   */
  committed(): QueueOffset {
    if (this.book !== undefined) return this.#committedInOrder(this.book)
    if (this.inFlight.size === 0) this.#committed = this.cursor
    while (this.#committed < this.cursor && !this.inFlight.has(this.#committed)) {
      this.#committed = (this.#committed + 1) as QueueOffset
    }
    return this.#committed
  }

  /** Walks all lanes: for people who ask, not for every turn. */
  #committedInOrder(book: OrderBook<Claim>): QueueOffset {
    let first = this.cursor
    for (const offset of this.inFlight.keys()) if (offset < first) first = offset
    for (const lane of book.lanes.values()) {
      const parked = lane.parked.firstOf(this.queue.queue)
      if (parked !== undefined && parked < first) first = parked
    }
    return first
  }

  /** Puts a claim back that was read from a table. */
  restore(claim: Claim): void {
    this.inFlight.set(claim.offset, claim)
    if (claim.offset < this.#committed) this.#committed = claim.offset
  }

  view(): ConsumerView {
    const { cursor, inFlight, parked, book } = this
    if (book === undefined) return { cursor, inFlight: inFlight.size, parked, committed: this.committed() }
    const committed = (): QueueOffset => this.#committedInOrder(book)
    return {
      cursor,
      inFlight: inFlight.size,
      parked,
      get committed() {
        return committed()
      },
    }
  }

  override sizeHint(): number {
    return 31
  }

  override writeKey(into: Writer): void {
    startKey(into, TABLE_CONSUMER).uint32(this.groupId).uint32(this.queue.queue)
  }

  override writeValue(into: Writer): void {
    const hasHistory = this.resets > 0 || this.missed > 0
    into.uint8(hasHistory ? CONSUMER_HISTORY_VERSION : ROW_VERSION).uint64(this.cursor)
    if (hasHistory) into.uint32(this.resets).uint64(this.missed)
  }
}

/** A message in flight: held by a receiver, or waiting to be handed out again. */
export class Claim extends Row implements Opened {
  readonly consumer: Consumer
  readonly offset: QueueOffset
  /** Deliveries that count. 0 after the first one was given back. */
  attempt: number
  visibleAt: Millis
  /** When this delivery began. */
  firstClaimedAt: Millis
  autoRenew = false
  /** What it was handed out with; `undefined` when nobody holds it. */
  batch: ClaimBatch | undefined
  /** Of a fifo group: where the message stands in the order. */
  lane: Lane<Claim> | undefined
  place = 0
  /** Acked, but not all before it in the lane. */
  acked = false
  /** It was acked in an earlier delivery and is repeated, whatever its attempts. */
  repeat = false
  turn = 0
  /** Marks the claims that a command has named already. Means nothing afterwards. */
  mark = 0

  constructor(consumer: Consumer, offset: QueueOffset, attempt: number, now: Millis) {
    super()
    this.consumer = consumer
    this.offset = offset
    this.attempt = attempt
    this.visibleAt = now
    this.firstClaimedAt = now
  }

  /** No attempts are left and none is owed: the next step is the dead letter topic. */
  get exhausted(): boolean {
    return this.attempt >= this.consumer.group.attemptsMax && !this.acked && !this.repeat
  }

  /** The number of the delivery that holds it: `Delivery.attempt`. */
  get delivery(): number {
    return deliveryNumber(this.attempt, this.consumer.resets)
  }

  view(): ClaimView {
    return {
      groupId: this.consumer.groupId,
      queue: this.consumer.queue.queue,
      offset: this.offset,
      attempt: this.delivery,
      visibleAt: this.visibleAt,
      firstClaimedAt: this.firstClaimedAt,
      autoRenew: this.autoRenew,
      client: this.batch?.client.hash ?? NO_CLIENT,
    }
  }

  override sizeHint(): number {
    return this.lane === undefined ? 66 : 82
  }

  override writeKey(into: Writer): void {
    startKey(into, TABLE_CLAIM).uint32(this.consumer.groupId).uint32(this.consumer.queue.queue)
    into.uint64(this.offset)
  }

  override writeValue(into: Writer): void {
    const held = (this.batch === undefined ? 0 : CLAIM_HELD) | (this.autoRenew ? CLAIM_AUTO_RENEW : 0)
    const flags = held | (this.acked ? CLAIM_ACKED : 0) | (this.repeat ? CLAIM_REPEAT : 0)
    into.uint8(this.lane === undefined ? ROW_VERSION : CLAIM_LANE_VERSION)
    into.uint8(flags).uint16(0).uint32(this.attempt)
    into.uint64(this.visibleAt).uint64(this.firstClaimedAt)
    into.raw(this.batch?.request ?? NO_REQUEST).raw(this.batch?.client.hash ?? NO_CLIENT)
    if (this.lane !== undefined) into.uint64(this.lane.key).uint64(this.place)
  }
}

/** What one claim command handed out and what of it is still held. */
export interface ClaimBatch {
  readonly request: Uint8Array
  readonly client: ClientClaims
  readonly claims: Set<Claim>
}

/** What one client holds. */
export interface ClientClaims {
  readonly hash: Uint8Array
  readonly batches: Set<ClaimBatch>
  /** Claims that are renewed while the client lives. */
  readonly renewals: ClaimHeap<Claim>
}
