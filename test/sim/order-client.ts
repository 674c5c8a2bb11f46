/** The part of a simulated client that sends to message groups, and receives for a group that reads in order. */
import { millis, type Millis, type QueueOffset } from '../../src/base/brand.ts'
import { utf8, Writer } from '../../src/base/bytes.ts'
import { crc32 } from '../../src/base/crc32.ts'
import type { Prng } from '../../src/base/prng.ts'
import { type BrokerMachine, plainPolicy } from '../../src/broker/machine/index.ts'
import type { Command, QueueEntry, QueueNumber, Receipt, Reply } from '../../src/broker/machine/commands.ts'
import { TYPED_HEADER_BYTES, writeStoredHeader } from '../../src/broker/machine/stored-message.ts'
import { OrderPlanner } from '../../src/broker/order-planner.ts'
import { ALL_MESSAGES } from '../../src/broker/tag-filter.ts'

export const ORDER_TOPIC = 'carts'
export const ORDER_GROUP = 'in-order'
/** Few attempts, so that dead letters happen. */
export const ORDER_ATTEMPTS_MAX = 3
/** How many message groups there are: a message's is its id modulo this. */
export const CARTS = 4
const QUEUE_COUNT = 2

/** What a page holds of a message that was sent. Pages are not in memory for long, so the oracle knows it. */
export type SentLookup = (queue: QueueNumber, offset: QueueOffset) => QueueEntry | undefined

/** A command, and the ids of the messages if it is a send. */
interface OrderCall {
  readonly command: Command
  readonly ids: readonly number[]
}

export class OrderClient {
  readonly #number: number
  #requests = 0
  #messages = 0
  #receipts: Receipt[] = []
  /** Ids of messages whose send was acknowledged. */
  readonly acknowledged: number[] = []

  constructor(number: number) {
    this.#number = number
  }

  /** What it says next; `null` when it has nothing to say. */
  choose(machine: BrokerMachine, sent: SentLookup, now: Millis, prng: Prng): OrderCall | null {
    const topic = machine.topic(ORDER_TOPIC)
    if (topic === undefined) {
      return plain({ type: 'createTopic', name: ORDER_TOPIC, messageType: 2, queueCount: QUEUE_COUNT })
    }
    const group = machine.group(ORDER_GROUP)
    if (group === undefined) {
      const policy = { ...plainPolicy(ORDER_ATTEMPTS_MAX), fifo: true }
      return plain({ type: 'createGroup', name: ORDER_GROUP, start: { from: 'earliest' }, ...policy })
    }
    if (!group.topics.includes(topic.id)) {
      return plain({ type: 'contact', group: ORDER_GROUP, topicId: topic.id, timeOffsets: [] })
    }
    const dice = prng.below(100)
    if (dice < 35) return this.#send(topic.id, prng)
    if (dice < 65) return plain(this.#claim(machine, sent, now, prng))
    if (dice < 92) return plain(this.#ack(prng))
    return plain(this.#change(prng))
  }

  /** The call had an answer. */
  answered({ command, ids }: OrderCall, reply: Reply | undefined): void {
    if (reply?.type === 'sent') this.acknowledged.push(...ids)
    if (reply?.type !== 'claimed' || command.type !== 'claimInOrder') return
    for (const message of reply.messages) this.#receipts.push({ ...message, groupId: command.groupId })
  }

  #send(topicId: number, prng: Prng): OrderCall {
    const count = prng.below(5, 1)
    const ids = Array.from({ length: count }, () => this.#number * 1_000_000 + 500_000 + ++this.#messages)
    const messages = new Writer()
    for (const id of ids) messages.raw(fifoMessage(id))
    return { command: { type: 'send', topicId, count, messages: messages.done().slice() }, ids }
  }

  #claim(machine: BrokerMachine, sent: SentLookup, now: Millis, prng: Prng): Command | null {
    const group = machine.group(ORDER_GROUP)
    const topic = machine.topic(ORDER_TOPIC)
    if (group === undefined || topic === undefined) return null
    const reader = { cachedPointer: sent, cachedEntry: sent }
    const planner = new OrderPlanner({ view: machine, group, topic, now, reader, stored: () => undefined })
    const { lanes, cursors, messages } = planner.plan(
      { filter: ALL_MESSAGES, messagesMax: prng.below(6, 1) },
      prng.below(2),
    )
    if (lanes.length + cursors.length === 0) return null
    return {
      type: 'claimInOrder',
      request: this.#request(),
      client: Uint8Array.of(0, 0, 0, 0, 0, 0, 1, this.#number),
      groupId: group.id,
      topicId: topic.id,
      invisibleMs: millis(prng.pick([300, 4000, 20_000])),
      autoRenew: false,
      lanes,
      cursors,
      messages,
    }
  }

  #ack(prng: Prng): Command | null {
    if (this.#receipts.length === 0) return null
    const receipts = this.#receipts.splice(prng.chance(0.2) ? 0 : -4, prng.below(5, 1))
    if (prng.chance(0.1)) this.#receipts.push(...receipts)
    return { type: 'ack', request: this.#request(), receipts }
  }

  #change(prng: Prng): Command | null {
    const receipt = this.#receipts[0]
    if (receipt === undefined) return null
    const invisibleMs = millis(prng.pick([0, 500, 5000]))
    return { type: 'changeInvisible', request: this.#request(), receipt, invisibleMs }
  }

  #request(): Uint8Array {
    return new Writer(16)
      .uint32(this.#number + 0x1000_0000)
      .uint32(++this.#requests)
      .uint64(this.#number * 104_729)
      .done()
  }
}

function plain(command: Command | null): OrderCall | null {
  return command && { command, ids: [] }
}

/** What its queue keeps of the message group of an id. */
export function orderHashOfId(id: number): number {
  return 1 + (id % CARTS)
}

function fifoMessage(id: number): Uint8Array {
  const raw = utf8(`body ${id}`)
  const message = new Uint8Array(TYPED_HEADER_BYTES + raw.byteLength)
  writeStoredHeader(message, {
    messageType: 2,
    hash: (BigInt(orderHashOfId(id)) << 32n) | BigInt(id % CARTS),
    identityA: Math.imul(id, 0x9e37_79b1) >>> 0,
    identityB: id,
    bodyCrc: crc32(raw),
    tagHash: 0,
    rawLength: raw.byteLength,
    systemStart: 0,
    systemLength: 0,
    bodyStart: 0,
    bodyLength: raw.byteLength,
    storedAtMs: 0,
  })
  message.set(raw, TYPED_HEADER_BYTES)
  return message
}
