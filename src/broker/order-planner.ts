/**
 * Chooses messages for waiting receivers of a fifo group, before anything is proposed. New messages of all queues
 * are looked at in the order of the log, so that a message group keeps its order even when the number of queues
 * has grown and its messages stand in two of them. What is not handed out, because it is not its turn, is parked.
 */
import type { Millis, QueueOffset } from '../base/brand.ts'
import {
  IN_FLIGHT_PER_GROUP_QUEUE_MAX,
  LANES_PER_GROUP_TOPIC_MAX,
  PARKED_MAX,
  PARKED_PER_GROUP_TOPIC_MAX,
} from '../base/limits.ts'
import { type Chosen, Draft, type Wish } from './claim-planner.ts'
import { FilterReads, type MessageLookup, type Missing } from './filter-reads.ts'
import type { ClaimInOrder, NextMessage, Pointer, QueueEntry, QueueNumber } from './machine/commands.ts'
import { laneKeyOf } from './machine/index.ts'
import { holdsOldMessages } from './machine/topics.ts'
import type { GroupView, LaneView, MachineView, TopicView } from './machine/view.ts'

/** New messages that one plan looks at before it claims what it has. */
const SCAN_MAX = 2048

/** Finds what is in memory. */
interface PointerReader {
  cachedPointer(queue: QueueNumber, offset: QueueOffset): Pointer | undefined
  cachedEntry(queue: QueueNumber, offset: QueueOffset): QueueEntry | undefined
}

/** What stands at a cursor. */
interface Head extends Pointer {
  readonly orderHash: number
}

/** A queue as the receivers planned before in this turn have left it. */
interface Tentative {
  readonly queue: QueueNumber
  readonly end: QueueOffset
  cursor: QueueOffset
  inFlight: number
  /** What stands at the cursor; `undefined` before it was looked up. */
  head: Head | undefined
}

/** What one receiver gets. */
export interface OrderPlan {
  readonly lanes: ClaimInOrder['lanes']
  readonly cursors: ClaimInOrder['cursors']
  readonly messages: readonly NextMessage[]
  readonly chosen: readonly Chosen[]
  /** What must be read from the disk before more can be planned. */
  readonly missing: readonly Missing[]
}

export interface OrderPlannerOptions {
  readonly view: MachineView
  readonly group: GroupView
  readonly topic: TopicView
  readonly now: Millis
  readonly reader: PointerReader
  readonly stored: MessageLookup
  /** Bounds that tests make small. Left out: the limits of the system. */
  readonly lanesMax?: number
  readonly parkedMax?: number
}

/** Plans for one group and topic, at one moment. */
export class OrderPlanner {
  readonly #options: OrderPlannerOptions
  readonly #queues: Tentative[]
  /** Lanes that were touched in this turn, with the only receiver that may get more of them, if any. */
  readonly #owners = new Map<number, Draft | null>()
  readonly #readsPages: boolean
  readonly #reads: FilterReads
  #parkedRoom: number
  #lanesRoom: number

  constructor(options: OrderPlannerOptions) {
    const { view, group, topic } = options
    this.#options = options
    this.#reads = new FilterReads(view, (queue, cursor) => this.#head({ queue, cursor }), options.stored)
    // Dead letters may have been moved away from where their pages say, and none of them has a message group.
    this.#readsPages = !holdsOldMessages(topic.name)
    this.#queues = topic.queues.flatMap((queue) => {
      const consumer = view.consumer(group.id, queue)
      const end = view.queue(queue)?.nextOffset
      if (consumer === undefined || end === undefined) return []
      return [{ queue, end, cursor: consumer.cursor, inFlight: consumer.inFlight, head: undefined }]
    })
    const { parked, parkedInAll, lanes } = view.orderLoad(group.id, topic.id)
    const { lanesMax = LANES_PER_GROUP_TOPIC_MAX, parkedMax = PARKED_PER_GROUP_TOPIC_MAX } = options
    this.#parkedRoom = Math.min(parkedMax - parked, PARKED_MAX - parkedInAll)
    this.#lanesRoom = lanesMax - lanes
  }

  /** Chooses for one receiver. Turn by turn new messages or waiting lanes come first, so that neither starves. */
  plan(wish: Wish, rotation: number): OrderPlan {
    const draft = new Draft(wish.messagesMax)
    const starts = this.#queues.map(({ cursor }) => cursor)
    const lanes: ClaimInOrder['lanes'][number][] = []
    const messages: NextMessage[] = []
    if (rotation % 2 === 0) this.#planLanes(draft, lanes)
    this.#planNew(draft, messages, wish)
    if (rotation % 2 === 1) this.#planLanes(draft, lanes)
    const cursors = this.#queues.flatMap(({ queue, cursor: end }, at) => {
      const start = starts[at] ?? end
      return start === end ? [] : [{ queue, start, end }]
    })
    return { lanes, cursors, messages, chosen: draft.chosen, missing: draft.missing }
  }

  #planLanes(draft: Draft, into: ClaimInOrder['lanes'][number][]): void {
    const { view, group, topic, now } = this.#options
    if (draft.full) return
    for (const lane of view.readyLanes(group.id, topic.id, now, draft.room + this.#owners.size)) {
      if (draft.full) break
      if (!this.#owners.has(lane.key)) this.#planLane(draft, lane, into)
    }
  }

  #planLane(draft: Draft, lane: LaneView, into: ClaimInOrder['lanes'][number][]): void {
    const messages: { readonly queue: QueueNumber; readonly offset: QueueOffset }[] = []
    for (const { queue, offset } of lane.next(draft.room)) {
      const tentative = this.#queues.find((one) => one.queue === queue)
      const isParked = messages.length >= lane.opened
      if (tentative === undefined) break
      if (isParked && tentative.inFlight >= IN_FLIGHT_PER_GROUP_QUEUE_MAX) break
      const pointer = this.#options.reader.cachedPointer(queue, offset)
      if (pointer === undefined) {
        draft.missing.push({ queue, offset, pointer })
        break
      }
      if (!draft.choose(queue, offset, pointer)) break
      if (isParked) tentative.inFlight++
      messages.push({ queue, offset })
    }
    if (messages.length === 0) return
    into.push({ key: lane.key, messages })
    this.#owners.set(lane.key, messages.length === lane.size ? draft : null)
  }

  /** Messages from the cursors on, in the order of the log. */
  #planNew(draft: Draft, into: NextMessage[], wish: Wish): void {
    for (let scanned = 0; scanned < SCAN_MAX && !draft.full; scanned++) {
      if (!this.#findHeads(draft)) return
      const next = this.#earliest()
      if (next?.head === undefined) return
      const { queue, cursor, head } = next
      const matches = this.#reads.matches(wish.filter, queue, cursor, head, draft.missing)
      if (matches === undefined || (matches && !this.#take(draft, into, next, head))) return
      next.cursor = (next.cursor + 1) as QueueOffset
      next.head = undefined
    }
  }

  /** Looks up what stands at each cursor. False when something must be read first. */
  #findHeads(draft: Draft): boolean {
    let found = true
    for (const tentative of this.#queues) {
      if (tentative.head !== undefined || tentative.cursor >= tentative.end) continue
      tentative.head = this.#head(tentative)
      if (tentative.head !== undefined) continue
      draft.missing.push({ queue: tentative.queue, offset: tentative.cursor, pointer: undefined })
      found = false
    }
    return found
  }

  #head({ queue, cursor }: Pick<Tentative, 'queue' | 'cursor'>): Head | undefined {
    const { reader } = this.#options
    if (this.#readsPages) return reader.cachedEntry(queue, cursor)
    const pointer = reader.cachedPointer(queue, cursor)
    return pointer && { ...pointer, orderHash: 0 }
  }

  #earliest(): Tentative | undefined {
    let earliest: Tentative | undefined
    for (const tentative of this.#queues) {
      const { head } = tentative
      if (head === undefined) continue
      if (earliest?.head === undefined || head.position < earliest.head.position) earliest = tentative
    }
    return earliest
  }

  /** Hands a message out or parks it. False when there is no room for either. */
  #take(draft: Draft, into: NextMessage[], from: Tentative, head: Head): boolean {
    const { queue, cursor: offset } = from
    const { orderHash } = head
    const key = laneKeyOf(orderHash, queue)
    const owner = this.#ownerOf(key)
    const handedOut = owner === undefined || owner === draft
    if (handedOut) {
      if (from.inFlight >= IN_FLIGHT_PER_GROUP_QUEUE_MAX) return false
      if (owner === undefined && this.#lanesRoom <= 0) return false
      if (!draft.choose(queue, offset, head)) return false
      from.inFlight++
      if (owner === undefined) this.#lanesRoom--
    } else if (--this.#parkedRoom < 0) {
      return false
    }
    this.#owners.set(key, handedOut ? draft : null)
    into.push({ queue, offset, orderHash, handedOut })
    return true
  }

  /** `undefined`: the lane is free; `null`: everybody has to wait. */
  #ownerOf(key: number): Draft | null | undefined {
    const owner = this.#owners.get(key)
    if (owner !== undefined) return owner
    const { view, group, topic } = this.#options
    return view.lane(group.id, topic.id, key) === undefined ? undefined : null
  }
}
