/**
 * One client of the simulated broker: sends, receives, acks, and repeats whatever had no known outcome, with the
 * same ids and request keys, as real clients do.
 */
import { plainPolicy } from '../../src/broker/machine/group-policy.ts'
import { logPosition, millis, queueOffset, type Millis } from '../../src/base/brand.ts'
import { utf8, Writer } from '../../src/base/bytes.ts'
import { crc32 } from '../../src/base/crc32.ts'
import type { Prng } from '../../src/base/prng.ts'
import { ClaimPlanner } from '../../src/broker/claim-planner.ts'
import type { BrokerMachine } from '../../src/broker/machine/index.ts'
import type { Claim, Command, Pointer, Receipt, Reply, Timer } from '../../src/broker/machine/commands.ts'
import {
  STORED_HEADER_BYTES,
  TYPED_HEADER_BYTES,
  writeStoredHeader,
} from '../../src/broker/machine/stored-message.ts'
import {
  MESSAGE_TYPE_DELAY,
  MESSAGE_TYPE_NORMAL,
  MESSAGE_TYPE_TRANSACTION,
} from '../../src/broker/machine/topics.ts'
import type { TransactionNumber } from '../../src/broker/machine/transaction-commands.ts'
import { ALL_MESSAGES } from '../../src/broker/tag-filter.ts'
import { OrderClient, type SentLookup } from './order-client.ts'

export const TOPIC = 'orders'
export const GROUP = 'workers'
export const QUEUE_COUNT = 3
/** Few attempts, so that dead letters happen. */
const ATTEMPTS_MAX = 4
/** Stands for a pointer that is not in memory: planning needs no more than that there is one. */
const SOME_POINTER: Pointer = { position: logPosition(0), size: 1, tagHash: 0 }

/** A command, and the ids of the messages if it is a send. */
export interface Call {
  readonly command: Command
  readonly ids: readonly number[]
  /** It is about what is read in order: see `order-client.ts`. */
  readonly ordered?: boolean
}

/** What is known beside a member's machine. */
export interface Known {
  /** All timers that members told of so far. */
  readonly timers: readonly Timer[]
  readonly sent: SentLookup
}

/** Says one thing at a time and remembers what it was told. */
export class BrokerClient {
  readonly #number: number
  #requests = 0
  #messages = 0
  /** What had no known outcome and is said again. */
  #open: Call | null = null
  #receipts: Receipt[] = []
  readonly #transactions: TransactionNumber[] = []
  /** Ids of messages whose send was acknowledged. */
  readonly acknowledged: number[] = []
  readonly order: OrderClient

  constructor(number: number) {
    this.#number = number
    this.order = new OrderClient(number)
  }

  /**
   * The next call, chosen by what the asked member's machine shows.
   */
  next(machine: BrokerMachine, known: Known, now: Millis, prng: Prng): Call {
    if (this.#open === null && prng.chance(0.25)) {
      const call = this.order.choose(machine, known.sent, now, prng)
      this.#open = { ...(call ?? plain({ type: 'advance' })), ordered: true }
    }
    this.#open ??= this.#choose(machine, known.timers, now, prng)
    return this.#open
  }

  /** The call had an answer: it is over. */
  answered(call: Call, reply: Reply | undefined): void {
    this.#open = null
    if (call.ordered === true) return this.order.answered(call, reply)
    if (reply?.type === 'sent') {
      this.acknowledged.push(...call.ids)
      this.#transactions.push(...reply.messages.flatMap(({ transaction }) => transaction ?? []))
    }
    if (reply?.type !== 'claimed' || call.command.type !== 'claim') return
    for (const message of reply.messages) {
      this.#receipts.push({ ...message, groupId: call.command.groupId })
    }
  }

  #choose(machine: BrokerMachine, timers: readonly Timer[], now: Millis, prng: Prng): Call {
    const topic = machine.topic(TOPIC)
    if (topic === undefined) {
      return plain({ type: 'createTopic', name: TOPIC, messageType: 127, queueCount: QUEUE_COUNT })
    }
    const group = machine.group(GROUP)
    if (group === undefined) {
      const start = { from: 'earliest' } as const
      return plain({ type: 'createGroup', name: GROUP, start, ...plainPolicy(ATTEMPTS_MAX) })
    }
    if (!group.topics.includes(topic.id)) {
      return plain({ type: 'contact', group: GROUP, topicId: topic.id, timeOffsets: [] })
    }
    const dice = prng.below(100)
    if (dice < 32) return this.#send(topic.id, now, prng)
    if (dice < 38) return plain(this.#transaction(machine, topic.id, now, prng) ?? { type: 'advance' })
    if (dice < 45) return plain(this.#timer(timers, now, prng) ?? { type: 'advance' })
    if (dice < 70) return plain(this.#claim(machine, now, prng) ?? { type: 'advance' })
    if (dice < 88) return plain(this.#ack(prng) ?? { type: 'advance' })
    if (dice < 94) return plain(this.#change(prng) ?? { type: 'advance' })
    return plain(deadLetter(machine, now) ?? { type: 'advance' })
  }

  #send(topicId: number, now: Millis, prng: Prng): Call {
    const count = prng.below(4, 1)
    const ids = Array.from({ length: count }, () => this.#number * 1_000_000 + ++this.#messages)
    const messages = new Writer()
    for (const id of ids) {
      if (prng.chance(0.2))
        messages.raw(storedMessage(id, MESSAGE_TYPE_TRANSACTION, prng.pick([0, 500, 5000])))
      else if (prng.chance(0.3)) {
        messages.raw(storedMessage(id, MESSAGE_TYPE_DELAY, now + prng.pick([0, 400, 3000, 15_000])))
      } else messages.raw(storedMessage(id))
    }
    return { command: { type: 'send', topicId, count, messages: messages.done().slice() }, ids }
  }

  /** Ends a transaction, often one that was ended before, or checks as the leader does, sometimes from an old view. */
  #transaction(machine: BrokerMachine, topicId: number, now: Millis, prng: Prng): Command | null {
    if (prng.chance(0.3)) {
      const due = machine.dueTransactions(topicId, now, 5)
      const nextAt = prng.chance(0.2) ? null : millis(now + 3000)
      const items = due.map(({ transaction, checks }) => ({ transaction, checks, nextAt }))
      return { type: 'checkTransactions', items }
    }
    if (this.#transactions.length === 0) return null
    const transaction = prng.pick(this.#transactions.slice(-20))
    return { type: 'endTransaction', transaction, topicId, resolution: prng.pick(['commit', 'rollback']) }
  }

  /** What the leader's timer driver does, and recalls; now and then too early, too late or once more. */
  #timer(timers: readonly Timer[], now: Millis, prng: Prng): Command | null {
    const known = timers.slice(-40)
    if (known.length === 0) return null
    if (prng.chance(0.3)) return { type: 'recall', request: this.#request(), timer: prng.pick(known) }
    const due = known.filter(({ dueMs }) => dueMs <= now || prng.chance(0.05))
    return due.length === 0 ? null : { type: 'fire', timers: due }
  }

  #claim(machine: BrokerMachine, now: Millis, prng: Prng): Claim | null {
    const group = machine.group(GROUP)
    const topic = machine.topic(TOPIC)
    if (group === undefined || topic === undefined) return null
    const planner = new ClaimPlanner({
      view: machine,
      group,
      topic,
      now,
      pointer: (queue, offset) => machine.pointerInMemory(queue, offset) ?? SOME_POINTER,
      stored: () => undefined,
      isBusy: () => false,
    })
    const plan = planner.plan(
      { filter: ALL_MESSAGES, messagesMax: prng.below(6, 1) },
      prng.below(QUEUE_COUNT),
    )
    if (plan.parts.length === 0) return null
    return {
      type: 'claim',
      request: this.#request(),
      client: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, this.#number),
      groupId: group.id,
      invisibleMs: millis(prng.pick([300, 4000, 20_000])),
      autoRenew: false,
      parts: plan.parts,
    }
  }

  #ack(prng: Prng): Command | null {
    if (this.#receipts.length === 0) return null
    // Old receipts are often late, new ones seldom.
    const receipts = this.#receipts.splice(prng.chance(0.3) ? 0 : -3, prng.below(4, 1))
    // Now and then a receipt is used twice, as a client does that has lost count.
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
      .uint32(this.#number)
      .uint32(++this.#requests)
      .uint64(this.#number * 7919)
      .done()
  }
}

function plain(command: Command): Call {
  return { command, ids: [] }
}

/** What the leader's deadline driver does: messages without attempts left go where the dead letters are. */
function deadLetter(machine: BrokerMachine, now: Millis): Command | null {
  const [first, ...others] = machine.exhausted(now, 5)
  if (first === undefined) return null
  const same = [first, ...others].filter(
    ({ queue, groupId }) => queue === first.queue && groupId === first.groupId,
  )
  const items = same.flatMap(({ queue, offset }) => {
    const pointer = machine.pointerInMemory(queue, offset)
    return pointer === undefined ? [] : [{ ...pointer, offset: queueOffset(offset) }]
  })
  return { type: 'deadLetter', groupId: first.groupId, queue: first.queue, items }
}

/** With a value it is of another type than NORMAL. */
function storedMessage(id: number, messageType = MESSAGE_TYPE_NORMAL, value?: number): Uint8Array {
  const raw = utf8(`body ${id}`)
  const headerBytes = value === undefined ? STORED_HEADER_BYTES : TYPED_HEADER_BYTES
  const message = new Uint8Array(headerBytes + raw.byteLength)
  writeStoredHeader(message, {
    messageType,
    ...(value !== undefined && { value }),
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
  message.set(raw, headerBytes)
  return message
}
