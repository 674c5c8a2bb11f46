/** A machine with a FIFO topic and a fifo group, and receivers that are planned for as on a leader. */
import { crc32 } from '../../../src/base/crc32.ts'
import type { Millis, QueueOffset } from '../../../src/base/brand.ts'
import type { ClaimedMessage, ClaimInOrder, Receipt } from '../../../src/broker/machine/commands.ts'
import { plainPolicy } from '../../../src/broker/machine/group-policy.ts'
import type { WindowSizes } from '../../../src/broker/machine/state.ts'
import { OrderPlanner } from '../../../src/broker/order-planner.ts'
import { Harness } from '../machine/support/harness.ts'
import { clientHash, requestKey, sendOf, storedMessage } from '../machine/support/messages.ts'

export const INVISIBLE_MS = 30_000

/** What a test says of a receive: 32 messages for client 1 unless it says otherwise. */
export interface ReceiveWish {
  readonly max?: number
  readonly client?: number
  readonly rotation?: number
  readonly groupId?: number
  readonly topicId?: number
}

export interface OrderSceneOptions extends WindowSizes {
  readonly queues?: number
  readonly attemptsMax?: number
  readonly messageType?: number
  /** Bounds of the planner that tests can reach. */
  readonly lanesMax?: number
  readonly parkedMax?: number
}

/** A message as a test sees it. */
export interface Got extends ClaimedMessage {
  /** What was sent: the name of the message group and a number. */
  readonly text: string
}

/** The hash of a message group, as the facade makes it. */
export function groupHash(name: string): bigint {
  const low = crc32(Buffer.from(`${name}!`))
  return (BigInt(crc32(Buffer.from(name))) << 32n) | BigInt(low)
}

/** Topic 1 is `carts`, of type FIFO; group 1 is `shop` and reads it in order. */
export class OrderScene extends Harness {
  readonly #texts = new Map<string, string>()
  readonly #bounds: { readonly lanesMax?: number; readonly parkedMax?: number }
  #sent = 0
  #requests = 1000

  constructor({
    queues = 1,
    attemptsMax = 3,
    messageType = 2,
    lanesMax,
    parkedMax,
    ...sizes
  }: OrderSceneOptions = {}) {
    super(sizes)
    this.#bounds = {
      ...(lanesMax === undefined ? {} : { lanesMax }),
      ...(parkedMax === undefined ? {} : { parkedMax }),
    }
    this.apply([
      { type: 'createTopic', name: 'carts', messageType, queueCount: queues },
      {
        type: 'createGroup',
        name: 'shop',
        start: { from: 'default' },
        ...plainPolicy(attemptsMax),
        fifo: true,
      },
      { type: 'contact', group: 'shop', topicId: 1, timeOffsets: [] },
    ])
  }

  /** Sends messages, each with its text: `a1` is of the message group `a`; one that starts with `-` has none. */
  send(...texts: readonly string[]): void {
    const messages = texts.map((text) => {
      const group = text.replace(/\d+$/, '')
      const typed = group === '-' ? undefined : { messageType: 2, hash: groupHash(group) }
      return storedMessage(this.#sent++, text, typed)
    })
    const reply = this.one(sendOf(1, messages))
    if (reply.type !== 'sent') throw new Error(`not sent: ${JSON.stringify(reply)}`)
    for (const [i, { queueId, offset }] of reply.messages.entries()) {
      const queue = this.machine.topicById(1)?.queues[queueId]
      this.#texts.set(`${queue}:${offset}`, texts[i] ?? '')
    }
  }

  textOf({ queue, offset }: { readonly queue: number; readonly offset: number }): string {
    return this.#texts.get(`${queue}:${offset}`) ?? '?'
  }

  planner(groupId = 1, topicId = 1): OrderPlanner {
    const { machine } = this
    const group = machine.groupById(groupId)
    const topic = machine.topicById(topicId)
    if (group === undefined || topic === undefined) throw new Error('the scene has its topic and its group')
    return new OrderPlanner({
      view: machine,
      group,
      topic,
      now: machine.now,
      stored: (pointer) => this.bytesAt(pointer),
      ...this.#bounds,
      reader: {
        cachedPointer: (queue, offset) => this.pointer(queue, offset),
        cachedEntry: (queue, offset) => this.entry(queue, offset),
      },
    })
  }

  entry(queue: number, offset: QueueOffset) {
    const known = this.machine.entryInMemory(queue, offset)
    if (known !== undefined) return known
    this.drain()
    const page = this.table.get(Buffer.from(this.machine.pageKey(queue, offset)).toString('hex'))?.value
    return page ? this.machine.entryInPage(page, offset) : undefined
  }

  /** The command that a leader would propose for a receiver. */
  claimFor(planner: OrderPlanner, wish: ReceiveWish = {}): ClaimInOrder {
    const { max = 32, client = 1, rotation = 0, groupId = 1, topicId = 1 } = wish
    const filter = { mayMatch: () => true, readsMessage: false, matches: () => true }
    const { lanes, cursors, messages } = planner.plan({ filter, messagesMax: max }, rotation)
    return {
      type: 'claimInOrder',
      request: requestKey(this.#requests++),
      client: clientHash(client),
      groupId,
      topicId,
      invisibleMs: INVISIBLE_MS as Millis,
      autoRenew: false,
      lanes,
      cursors,
      messages,
    }
  }

  /** What one receiver gets now. */
  receive(wish: ReceiveWish = {}): Got[] {
    return this.claim(this.claimFor(this.planner(wish.groupId, wish.topicId), wish))
  }

  claim(command: ClaimInOrder): Got[] {
    const reply = this.one(command)
    if (reply.type !== 'claimed') throw new Error(`not claimed: ${JSON.stringify(reply)}`)
    return reply.messages.map((message) => ({ ...message, text: this.textOf(message) }))
  }

  ack(messages: readonly ClaimedMessage[], laterMs = 0): readonly boolean[] {
    const receipts: Receipt[] = messages.map(({ queue, offset, attempt, deadline }) => {
      return { groupId: 1, queue, offset, attempt, deadline }
    })
    const reply = this.one({ type: 'ack', request: requestKey(this.#requests++), receipts }, laterMs)
    if (reply.type !== 'acked') throw new Error('an ack is answered')
    return reply.valid
  }

  change({ queue, offset, attempt, deadline }: ClaimedMessage, invisibleMs: number): boolean {
    const reply = this.one({
      type: 'changeInvisible',
      request: requestKey(this.#requests++),
      receipt: { groupId: 1, queue, offset, attempt, deadline },
      invisibleMs: invisibleMs as Millis,
    })
    return reply.type === 'changed' && reply.valid
  }

  /** Buries what has no attempts left, as the leader does. */
  bury(): void {
    for (const { groupId, queue, offset } of this.machine.exhausted(this.machine.now, 100)) {
      const items = [{ ...this.pointer(queue, offset), offset }]
      this.one({ type: 'deadLetter', groupId, queue, items })
    }
  }

  later(ms: number): void {
    this.one({ type: 'advance' }, ms)
  }
}

export function textsOf(messages: readonly Got[]): string[] {
  return messages.map(({ text }) => text)
}
