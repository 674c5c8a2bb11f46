/**
 * Chooses messages for waiting receivers, before anything is proposed. Several receivers of one turn are
 * planned one after the other over the same tentative state, so that no message is chosen twice; applying
 * the claims checks again that the choice still holds.
 */
import type { Millis, QueueOffset } from '../base/brand.ts'
import { IN_FLIGHT_PER_GROUP_QUEUE_MAX, RECEIVE_BYTES_MAX } from '../base/limits.ts'
import { FilterReads, type MessageLookup, type Missing, type PointerLookup } from './filter-reads.ts'
import type { ClaimPart, Pointer, QueueNumber } from './machine/commands.ts'
import { attemptOf } from './machine/delivery-number.ts'
import { MESSAGE_TYPE_PRIORITY } from './machine/index.ts'
import type { ConsumerView, GroupView, MachineView, TopicView } from './machine/view.ts'
import type { MessageFilter } from './message-filter.ts'

/** New messages that one plan looks at in one queue before it claims what it has. */
const SCAN_MAX = 2048

/** A message that was chosen, with its pointer, so that it need not be looked up again. */
export interface Chosen {
  readonly queue: QueueNumber
  readonly offset: QueueOffset
  readonly pointer: Pointer
}

export interface Plan {
  readonly parts: readonly ClaimPart[]
  readonly chosen: readonly Chosen[]
  /** What must be read from the disk before more can be planned. */
  readonly missing: readonly Missing[]
}

export interface Wish {
  readonly filter: MessageFilter
  readonly messagesMax: number
}

/** What the receivers planned before in this turn have taken from a queue. */
interface Tentative {
  cursor: QueueOffset
  inFlight: number
  readonly again: Set<QueueOffset>
}

/** Plans for one group and topic, at one moment. */
export class ClaimPlanner {
  readonly #view: MachineView
  readonly #group: GroupView
  readonly #messageType: number
  /** Those of the topic, and of what comes back to the group from it. */
  readonly #queues: readonly QueueNumber[]
  readonly #now: Millis
  readonly #pointer: PointerLookup
  readonly #reads: FilterReads
  readonly #isBusy: (queue: QueueNumber) => boolean
  readonly #tentative = new Map<QueueNumber, Tentative>()

  constructor(options: {
    readonly view: MachineView
    readonly group: GroupView
    readonly topic: TopicView
    readonly now: Millis
    readonly pointer: PointerLookup
    readonly stored: MessageLookup
    /** Claims on the queue are under way: its state is not known. */
    readonly isBusy: (queue: QueueNumber) => boolean
  }) {
    this.#view = options.view
    this.#group = options.group
    this.#now = options.now
    this.#pointer = options.pointer
    this.#reads = new FilterReads(options.view, options.pointer, options.stored)
    this.#isBusy = options.isBusy
    this.#messageType = options.topic.messageType
    const retry = options.view.retryTopic(options.group.id, options.topic.id)
    this.#queues = retry === undefined ? options.topic.queues : [...retry.queues, ...options.topic.queues]
  }

  /**
   * Chooses for one receiver, beginning with the queue at `rotation`, so that no queue starves; of a topic with
   * priorities always the highest first.
   */
  plan(wish: Wish, rotation: number): Plan {
    const draft = new Draft(wish.messagesMax)
    const queues = this.#queues
    const byPriority = this.#messageType === MESSAGE_TYPE_PRIORITY && !this.#group.fifo
    // Turn by turn new messages or those that come again are first, so that neither starves.
    const newFirst = Math.floor(rotation / queues.length) % 2 === 1
    for (let i = 0; i < queues.length && !draft.full; i++) {
      const at = byPriority ? queues.length - 1 - i : (rotation + i) % queues.length
      const queue = queues[at] as QueueNumber
      if (this.#isBusy(queue)) continue
      const consumer = this.#view.consumer(this.#group.id, queue)
      if (consumer !== undefined) this.#planQueue(draft, queue, consumer, wish.filter, newFirst)
    }
    return draft
  }

  #planQueue(
    draft: Draft,
    queue: QueueNumber,
    consumer: ConsumerView,
    filter: MessageFilter,
    newFirst: boolean,
  ): void {
    const tentative = this.#tentativeOf(queue, consumer)
    const start = tentative.cursor
    const before = newFirst ? this.#planNew(draft, queue, tentative, filter) : undefined
    const again = this.#planAgain(draft, queue, tentative)
    const offsets = before ?? this.#planNew(draft, queue, tentative, filter)
    if (again.length === 0 && tentative.cursor === start) return
    draft.parts.push({ queue, start, end: tentative.cursor, offsets, again })
  }

  /** Messages that were handed out before and are visible again. */
  #planAgain(draft: Draft, queue: QueueNumber, tentative: Tentative): QueueOffset[] {
    const again: QueueOffset[] = []
    const look = draft.room + tentative.again.size
    for (const claim of this.#view.visibleClaims(this.#group.id, queue, this.#now, look)) {
      if (draft.full) break
      if (tentative.again.has(claim.offset) || attemptOf(claim.attempt) >= this.#group.attemptsMax) continue
      const pointer = this.#pointer(queue, claim.offset)
      if (pointer === undefined) {
        draft.missing.push({ queue, offset: claim.offset, pointer })
        continue
      }
      if (!draft.choose(queue, claim.offset, pointer)) break
      tentative.again.add(claim.offset)
      again.push(claim.offset)
    }
    return again
  }

  /** Messages from the cursor on; those that do not match the filter are passed over for good. */
  #planNew(draft: Draft, queue: QueueNumber, tentative: Tentative, filter: MessageFilter): QueueOffset[] {
    const offsets: QueueOffset[] = []
    const end = this.#view.queue(queue)?.nextOffset ?? 0
    const scanEnd = Math.min(end, tentative.cursor + SCAN_MAX)
    while (tentative.cursor < scanEnd && !draft.full) {
      if (tentative.inFlight >= IN_FLIGHT_PER_GROUP_QUEUE_MAX) break
      const offset = tentative.cursor
      const pointer = this.#pointer(queue, offset)
      if (pointer === undefined) {
        draft.missing.push({ queue, offset, pointer })
        break
      }
      const matches = this.#reads.matches(filter, queue, offset, pointer, draft.missing)
      if (matches === undefined) break
      if (matches) {
        if (!draft.choose(queue, offset, pointer)) break
        offsets.push(offset)
        tentative.inFlight++
      }
      tentative.cursor = (offset + 1) as QueueOffset
    }
    return offsets
  }

  #tentativeOf(queue: QueueNumber, consumer: ConsumerView): Tentative {
    let tentative = this.#tentative.get(queue)
    if (tentative === undefined) {
      tentative = { cursor: consumer.cursor, inFlight: consumer.inFlight, again: new Set() }
      this.#tentative.set(queue, tentative)
    }
    return tentative
  }
}

/** One receiver's plan while it grows, limited by count and bytes. */
export class Draft implements Plan {
  readonly parts: ClaimPart[] = []
  readonly chosen: Chosen[] = []
  readonly missing: Missing[] = []
  readonly #messagesMax: number
  #bytes = 0
  #bytesFull = false

  constructor(messagesMax: number) {
    this.#messagesMax = messagesMax
  }

  get room(): number {
    return this.#messagesMax - this.chosen.length
  }

  get full(): boolean {
    return this.#bytesFull || this.chosen.length >= this.#messagesMax
  }

  /** False when the message would make the answer too large; the first one always fits. */
  choose(queue: QueueNumber, offset: QueueOffset, pointer: Pointer): boolean {
    if (this.chosen.length > 0 && this.#bytes + pointer.size > RECEIVE_BYTES_MAX) {
      this.#bytesFull = true
      return false
    }
    this.#bytes += pointer.size
    this.chosen.push({ queue, offset, pointer })
    return true
  }
}
