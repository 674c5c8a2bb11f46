/**
 * Follows the committed log and knows what the broker promises of it, without the broker's code: a message sent
 * twice stands once, a message in flight is held by one receiver, an acknowledged one is never handed out again.
 */
import { assert } from '../../src/base/assert.ts'
import { DEDUPE_MS } from '../../src/base/limits.ts'
import type { Command, Receipt, Reply, SentMessage, Timer } from '../../src/broker/machine/commands.ts'
import { QUEUE_COUNT } from './broker-client.ts'
import { TransactionOracle } from './transaction-oracle.ts'

/** A message as its sender knows it. */
export interface SentId {
  readonly id: number
}

interface Held {
  attempt: number
  /** Until when it is invisible, in log time. */
  until: number
  readonly request: string
}

type Replied<Type extends Reply['type']> = Extract<Reply, { type: Type }>

/** The state that the promises are about, built from commands and replies alone. */
export class BrokerOracle {
  /** Log time. */
  #now = 0
  /** Where each sent message stands, by its id. */
  readonly #stored = new Map<number, SentMessage>()
  /** When it was stored, in log time: a repeat is known for a while. */
  readonly #storedAt = new Map<number, number>()
  /** How many messages each queue holds. */
  readonly #lengths = new Map<number, number>()
  readonly #held = new Map<string, Held>()
  readonly #attempts = new Map<string, number>()
  readonly #ended = new Set<string>()
  /** What each claim was given. */
  readonly #claims = new Map<string, readonly string[]>()
  /** Acks that were valid, so that a repeat of the request is known. */
  readonly #acks = new Map<string, readonly boolean[]>()
  readonly #timers = new Map<number, { readonly dueMs: number; state: 'waits' | 'came' | 'recalled' }>()
  readonly transactions = new TransactionOracle()
  /** The queue that the next message comes into. */
  #nextQueue = 0
  #fired = 0
  #recalled = 0
  #delivered = 0
  #acked = 0
  #repeated = 0

  /** Facts for the report: what the seed has reached. */
  get counts(): {
    readonly stored: number
    readonly delivered: number
    readonly acked: number
    readonly repeated: number
    readonly fired: number
    readonly recalled: number
    readonly committed: number
  } {
    return {
      stored: this.#stored.size,
      delivered: this.#delivered,
      acked: this.#acked,
      repeated: this.#repeated,
      fired: this.#fired,
      recalled: this.#recalled,
      committed: this.transactions.committed,
    }
  }

  /** The message of this id stands here, and was found there as soon as it was stored. */
  storedAt(id: number): SentMessage | undefined {
    return this.#stored.get(id)
  }

  /** How many messages wait for their time. */
  get waiting(): number {
    return [...this.#timers.values()].filter(({ state }) => state === 'waits').length
  }

  /** How many messages stand in a queue of the topic. */
  lengthOf(queueId: number): number {
    return this.#lengths.get(queueId) ?? 0
  }

  /** One command of the log, what it answered and the stamp of its entry. `ids` are those of a send. */
  observe(command: Command, reply: Reply, stampMs: number, ids: readonly number[]): void {
    this.#now = Math.max(this.#now, stampMs)
    if (reply.type === 'sent') this.#sent(ids, reply)
    else if (command.type === 'fire' && reply.type === 'fired') this.#firedBy(command.timers, reply.count)
    else if (command.type === 'recall') this.#recalledBy(nameOf(command.request), command.timer, reply)
    else if (command.type === 'endTransaction') {
      const came = this.transactions.ended(command, reply, this.#now)
      if (came !== undefined) this.#cameAt(came.queueId, came.offset)
    } else if (command.type === 'claim' && reply.type === 'claimed')
      this.#claimed(nameOf(command.request), reply)
    else if (command.type === 'ack' && reply.type === 'acked') {
      this.#ackedBy(nameOf(command.request), command.receipts, reply)
    } else if (command.type === 'changeInvisible' && reply.type === 'changed') {
      this.#changed(nameOf(command.request), command.receipt, reply)
    } else if (command.type === 'deadLetter' && reply.type === 'done') {
      for (const item of command.items) this.#deadLetter(`${command.queue}/${item.offset}`)
    }
  }

  #sent(ids: readonly number[], reply: Replied<'sent'>): void {
    assert(reply.messages.length === ids.length, 'each message has an answer')
    reply.messages.forEach((message, at) => {
      const id = ids[at] ?? 0
      const isKnown = (this.#storedAt.get(id) ?? Number.NEGATIVE_INFINITY) + DEDUPE_MS > this.#now
      const first = isKnown ? this.#stored.get(id) : undefined
      assert(message.repeated === isKnown, 'a repeat is known as one', { id, now: this.#now })
      if (first === undefined) {
        this.#stored.set(id, message)
        this.#storedAt.set(id, this.#now)
        if (message.timer !== undefined) {
          assert(message.timer.dueMs > this.#now, 'what is due does not wait', { id })
          assert(!this.#timers.has(message.timer.id), 'a timer has a number of its own', { id })
          this.#timers.set(message.timer.id, { dueMs: message.timer.dueMs, state: 'waits' })
          return
        }
        if (message.transaction !== undefined) {
          this.transactions.opened(message.transaction)
          return
        }
        this.#cameAt(message.queueId, message.offset)
        return
      }
      this.#repeated++
      const same =
        first.queueId === message.queueId &&
        first.offset === message.offset &&
        first.timer?.id === message.timer?.id &&
        first.transaction === message.transaction
      assert(same, 'a repeat is answered with the place of the first', { id })
    })
  }

  #cameAt(queueId: number, offset: number): void {
    assert(offset === this.lengthOf(queueId), 'queue offsets have no gap', { queueId, offset })
    this.#came(queueId)
  }

  #came(queueId: number): void {
    this.#lengths.set(queueId, this.lengthOf(queueId) + 1)
    this.#nextQueue = (queueId + 1) % QUEUE_COUNT
  }

  /** Each message that waits and is due comes once; nothing else comes. */
  #firedBy(timers: readonly Timer[], count: number): void {
    let fired = 0
    for (const { id } of timers) {
      const timer = this.#timers.get(id)
      assert(timer !== undefined, 'a timer was made by a send', { id })
      if (timer.state !== 'waits' || timer.dueMs > this.#now) continue
      timer.state = 'came'
      this.#came(this.#nextQueue)
      fired++
    }
    assert(fired === count, 'what waits and is due comes, once', { fired, count })
    this.#fired += fired
  }

  #recalledBy(request: string, { id }: Timer, reply: Reply): void {
    const timer = this.#timers.get(id)
    assert(timer !== undefined, 'a timer was made by a send', { id })
    if (reply.type === 'refused') {
      assert(timer.dueMs <= this.#now, 'what is not due can be recalled', { id })
      return
    }
    assert(timer.state !== 'came', 'what came is not said to be recalled', { id })
    assert(timer.state === 'recalled' || timer.dueMs > this.#now, 'what is due comes', { id, request })
    if (timer.state === 'waits') this.#recalled++
    timer.state = 'recalled'
  }

  #claimed(request: string, reply: Replied<'claimed'>): void {
    const keys = reply.messages.map(({ queue, offset }) => `${queue}/${offset}`)
    const before = this.#claims.get(request)
    if (before === undefined) this.#claims.set(request, keys)
    else {
      const still = before.filter((key) => this.#isHeldUnder(key, request))
      const same = keys.length === still.length && still.every((key) => keys.includes(key))
      assert(same, 'a repeated claim answers what it still holds', { request, keys, still })
    }
    for (const message of reply.messages) {
      const key = `${message.queue}/${message.offset}`
      assert(!this.#ended.has(key), 'what was acked is not handed out again', { key, request })
      const held = this.#held.get(key)
      if (held?.request === request && held.attempt === message.attempt) {
        assert(held.until === message.deadline, 'a repeated claim answers what it holds', { key })
        continue
      }
      const isFree = held === undefined || held.until <= this.#now
      assert(isFree, 'a message is held by one receiver at a time', {
        key,
        until: held?.until,
        now: this.#now,
      })
      const attempt = (this.#attempts.get(key) ?? 0) + 1
      assert(message.attempt === attempt, 'attempts are counted one by one', { key, attempt })
      assert(message.deadline > this.#now, 'a claim holds for a while', { key })
      this.#attempts.set(key, attempt)
      this.#held.set(key, { attempt, until: message.deadline, request })
      this.#delivered++
    }
  }

  #ackedBy(request: string, receipts: readonly Receipt[], reply: Replied<'acked'>): void {
    const before = this.#acks.get(request)
    if (before !== undefined) {
      assert(before.join() === reply.valid.join(), 'a repeated ack is answered as the first', { request })
      return
    }
    this.#acks.set(request, reply.valid)
    receipts.forEach((receipt, at) => {
      const key = `${receipt.queue}/${receipt.offset}`
      const isValid = reply.valid[at] === true
      const isHeld = this.#isHeldBy(key, receipt.attempt)
      assert(!isHeld || isValid, 'who holds a message can ack it', { key })
      if (!isValid || this.#ended.has(key)) return
      assert(isHeld, 'only who holds a message can ack it', { key, attempt: receipt.attempt })
      this.#ended.add(key)
      this.#held.delete(key)
      this.#acked++
    })
  }

  #changed(request: string, receipt: Receipt, reply: Replied<'changed'>): void {
    const key = `${receipt.queue}/${receipt.offset}`
    if (this.#acks.has(request)) return
    this.#acks.set(request, [reply.valid])
    const held = this.#held.get(key)
    const isHeld = this.#isHeldBy(key, receipt.attempt)
    assert(isHeld === reply.valid, 'only who holds a message can hide it longer', { key })
    if (held !== undefined && isHeld) held.until = reply.deadline
  }

  #deadLetter(key: string): void {
    const held = this.#held.get(key)
    if (held === undefined || held.until > this.#now) return
    this.#ended.add(key)
    this.#held.delete(key)
  }

  #isHeldUnder(key: string, request: string): boolean {
    const held = this.#held.get(key)
    return held !== undefined && held.request === request && held.until > this.#now
  }

  #isHeldBy(key: string, attempt: number): boolean {
    const held = this.#held.get(key)
    return held !== undefined && held.attempt === attempt && held.until > this.#now
  }
}

function nameOf(request: Uint8Array): string {
  return request.join()
}
