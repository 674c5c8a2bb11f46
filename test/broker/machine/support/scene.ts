/** A harness with a topic and a group, and short ways to send, claim and ack. */
import { plainPolicy } from '../../../../src/broker/machine/group-policy.ts'
import type { Millis, QueueOffset } from '../../../../src/base/brand.ts'
import type {
  Claim,
  ClaimedMessage,
  ClaimPart,
  Receipt,
  SentMessage,
} from '../../../../src/broker/machine/commands.ts'
import type { WindowSizes } from '../../../../src/broker/machine/state.ts'
import { Harness } from './harness.ts'
import { clientHash, requestKey, sendMany } from './messages.ts'

export const INVISIBLE_MS = 30_000 as Millis

export interface SceneOptions extends WindowSizes {
  readonly queues?: number
  readonly attemptsMax?: number
  readonly fifo?: boolean
  readonly messageType?: number
}

/** What differs from a claim of everything new by client 1 under a new request. */
export type ClaimWish = Partial<Omit<Claim, 'type' | 'parts'>> & {
  readonly parts?: readonly Partial<ClaimPart>[]
}

/** Topic 1 is `orders` with the queues 1 to `queues`; group 1 is `shop` and reads it from the start. */
export class Scene extends Harness {
  #messages = 0
  #requests = 1000

  constructor({ queues = 1, attemptsMax = 3, fifo = false, messageType = 1, ...sizes }: SceneOptions = {}) {
    super(sizes)
    this.apply([
      { type: 'createTopic', name: 'orders', messageType, queueCount: queues },
      { type: 'createGroup', name: 'shop', start: { from: 'default' }, ...plainPolicy(attemptsMax), fifo },
      { type: 'contact', group: 'shop', topicId: 1, timeOffsets: [] },
    ])
  }

  /** Sends `count` new messages to a topic. */
  send(count: number, topicId = 1): readonly SentMessage[] {
    const reply = this.one(sendMany(topicId, this.#messages, count))
    this.#messages += count
    if (reply.type !== 'sent') throw new Error(`not sent: ${JSON.stringify(reply)}`)
    return reply.messages
  }

  /** Claims; parts that say nothing take everything new of queue 1. */
  claim({ parts = [{}], ...wish }: ClaimWish = {}): readonly ClaimedMessage[] {
    const reply = this.one({
      type: 'claim',
      request: requestKey(this.#requests++),
      client: clientHash(1),
      groupId: 1,
      invisibleMs: INVISIBLE_MS,
      autoRenew: false,
      ...wish,
      parts: parts.map((part) => this.part(part, wish.groupId)),
    })
    if (reply.type !== 'claimed') throw new Error(`not claimed: ${JSON.stringify(reply)}`)
    return reply.messages
  }

  part(part: Partial<ClaimPart>, groupId = 1): ClaimPart {
    const queue = part.queue ?? 1
    const start = part.start ?? this.machine.consumer(groupId, queue)?.cursor ?? (0 as QueueOffset)
    const end = part.end ?? (part.again ? start : (this.machine.queue(queue)?.nextOffset ?? start))
    const offsets = part.offsets ?? range(start, end)
    return { queue, start, end, offsets, again: part.again ?? [] }
  }

  /** Acks under a new request. */
  ack(receipts: readonly Receipt[], laterMs = 0): readonly boolean[] {
    const reply = this.one({ type: 'ack', request: requestKey(this.#requests++), receipts }, laterMs)
    if (reply.type !== 'acked') throw new Error('an ack is answered')
    return reply.valid
  }

  change(receipt: Receipt, invisibleMs: number, request = this.#requests++) {
    const reply = this.one({
      type: 'changeInvisible',
      request: requestKey(request),
      receipt,
      invisibleMs: invisibleMs as Millis,
    })
    if (reply.type !== 'changed') throw new Error('a change is answered')
    return reply
  }

  later(ms: number): void {
    this.one({ type: 'advance' }, ms)
  }

  /** What would be visible now, by offset. */
  visible(queue = 1, groupId = 1): number[] {
    return this.machine
      .visibleClaims(groupId, queue, this.machine.now, 100)
      .map(({ offset }) => offset)
      .sort((a, b) => a - b)
  }
}

export function receiptsOf(messages: readonly ClaimedMessage[], groupId = 1): Receipt[] {
  return messages.map((message) => ({ ...message, groupId }))
}

/** The offsets of [start, end). */
export function range(start: number, end: number): QueueOffset[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, i) => (start + i) as QueueOffset)
}
