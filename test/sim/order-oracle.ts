/**
 * Follows the committed log and knows what order promises, without the broker's code: of a message group comes what is
 * next after all that is consumed, and never while a receiver holds something of it.
 */
import { assert } from '../../src/base/assert.ts'
import type { LogPosition } from '../../src/base/brand.ts'
import type {
  ClaimedMessage,
  Command,
  QueueEntry,
  Receipt,
  Reply,
} from '../../src/broker/machine/commands.ts'
import { CARTS, ORDER_ATTEMPTS_MAX, orderHashOfId } from './order-client.ts'

/** One message group: its messages in the order of the log. */
interface Cart {
  sent: number
  /** All before it are consumed. */
  committed: number
  readonly acked: Set<number>
  /** Until when a receiver holds a message, in log time, and under which attempt. */
  readonly held: Map<number, { attempt: number; until: number }>
}

interface Place {
  readonly cart: Cart
  readonly number: number
  readonly entry: QueueEntry
}

export class OrderOracle {
  /** The numbers of the topic's queues by their ids, once a member knows them. */
  queues: readonly number[] = []
  #now = 0
  #sent = 0
  #delivered = 0
  readonly #carts: readonly Cart[] = Array.from({ length: CARTS }, () => {
    return { sent: 0, committed: 0, acked: new Set<number>(), held: new Map() }
  })
  readonly #places = new Map<string, Place>()
  readonly #requests = new Set<string>()
  readonly #ids = new Set<number>()

  /** How many deliveries the seed has reached. */
  get delivered(): number {
    return this.#delivered
  }

  hasStored(id: number): boolean {
    return this.#ids.has(id)
  }

  entryOf(queue: number, offset: number): QueueEntry | undefined {
    return this.#placeOf(queue, offset)?.entry
  }

  /** `ids` are those of a send; `null` for a command that is not about order. */
  observe(command: Command, reply: Reply, stampMs: number, ids: readonly number[] | null): void {
    this.#now = Math.max(this.#now, stampMs)
    if (ids !== null && reply.type === 'sent') this.#sentBy(ids, reply)
    else if (command.type === 'deadLetter') this.#buried(command.queue, command.items)
    else if (ids !== null && 'request' in command) this.#asked(command, reply)
  }

  #asked(command: Command & { readonly request: Uint8Array }, reply: Reply): void {
    const name = command.request.join()
    // A repeat answers what its first answered or what is left of it: judged by the machine's own model.
    if (this.#requests.has(name)) return
    this.#requests.add(name)
    if (reply.type === 'claimed') this.#claimed(reply.messages)
    else if (command.type === 'ack' && reply.type === 'acked') this.#ackedBy(command.receipts, reply.valid)
    else if (command.type === 'changeInvisible' && reply.type === 'changed' && reply.valid) {
      const held = this.#heldBy(command.receipt)
      assert(held !== undefined, 'only who holds a message can hide it longer')
      held.until = reply.deadline
    }
  }

  #sentBy(ids: readonly number[], reply: Extract<Reply, { type: 'sent' }>): void {
    for (const [at, { queueId, offset, repeated }] of reply.messages.entries()) {
      const id = ids[at] ?? 0
      this.#ids.add(id)
      const cart = this.#carts[id % CARTS]
      if (repeated || cart === undefined) continue
      const position = ++this.#sent as LogPosition
      const entry = { position, size: 1, tagHash: 0, sinceSeconds: 0, orderHash: orderHashOfId(id) }
      this.#places.set(`${queueId}/${offset}`, { cart, number: cart.sent++, entry })
    }
  }

  #claimed(messages: readonly ClaimedMessage[]): void {
    const carts = new Map<Cart, number>()
    for (const { queue, offset, attempt, deadline } of messages) {
      const place = this.#placeOf(queue, offset)
      assert(place !== undefined, 'what is delivered was sent', { queue, offset })
      const { cart, number } = place
      if (!carts.has(cart)) this.#begin(cart)
      const expected = carts.get(cart) ?? cart.committed
      assert(number === expected, 'what is next comes, and nothing else', { queue, offset, number, expected })
      carts.set(cart, number + 1)
      cart.acked.delete(number)
      cart.held.set(number, { attempt, until: deadline })
      this.#delivered++
    }
  }

  /** A batch begins at the first message that is not consumed, when nobody holds anything of the cart. */
  #begin(cart: Cart): void {
    for (const [number, { until }] of cart.held) {
      assert(until <= this.#now, 'nothing comes while something is held', { number, until, now: this.#now })
    }
    cart.acked.clear()
  }

  #ackedBy(receipts: readonly Receipt[], valid: readonly boolean[]): void {
    for (const [at, receipt] of receipts.entries()) {
      const held = this.#heldBy(receipt)
      assert(held === undefined || valid[at] === true, 'who holds a message can ack it')
      const place = this.#placeOf(receipt.queue, receipt.offset)
      if (held === undefined || place === undefined) continue
      const { cart, number } = place
      cart.held.delete(number)
      cart.acked.add(number)
      this.#commit(cart)
    }
  }

  #commit(cart: Cart): void {
    while (cart.acked.delete(cart.committed)) cart.committed++
  }

  #buried(queue: number, items: readonly { readonly offset: number }[]): void {
    for (const { offset } of items) {
      const place = this.#placeOf(queue, offset)
      if (place === undefined) continue
      const { cart, number } = place
      const held = cart.held.get(number)
      const isOver = held !== undefined && held.until <= this.#now && held.attempt >= ORDER_ATTEMPTS_MAX
      if (number !== cart.committed || !isOver) continue
      cart.held.delete(number)
      cart.acked.add(number)
      this.#commit(cart)
    }
  }

  #heldBy({ queue, offset, attempt }: Receipt): { attempt: number; until: number } | undefined {
    const place = this.#placeOf(queue, offset)
    const held = place?.cart.held.get(place.number)
    return held?.attempt === attempt && held.until > this.#now ? held : undefined
  }

  #placeOf(queue: number, offset: number): Place | undefined {
    return this.#places.get(`${this.queues.indexOf(queue)}/${offset}`)
  }
}
