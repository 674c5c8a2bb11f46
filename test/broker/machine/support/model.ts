/**
 * The semantics of receiving in the plainest words: lists that are walked, no index, no window but the time.
 * What the machine answers must be what this answers.
 */
import {
  DEDUPE_MS,
  DELIVERY_ATTEMPTS_DEFAULT,
  INVISIBLE_MS_MAX,
  RENEW_TOTAL_MS_MAX,
  REQUEST_WINDOW_MS,
} from '../../../../src/base/limits.ts'
import type {
  Claim,
  ClaimPart,
  Command,
  Delivery,
  Receipt,
  TimerName,
} from '../../../../src/broker/machine/commands.ts'
import { readStoredHeader } from '../../../../src/broker/machine/stored-message.ts'
import { applyConsume, type ConsumeModel } from './model-consume.ts'
import {
  claimed,
  groupReply,
  isSince,
  type Held,
  type ModelGroup,
  type ModelQueue,
  numberOf,
  refusal,
  text,
  topicReply,
} from './model-parts.ts'
import { ModelTimers } from './model-timers.ts'
import { ModelTransactions } from './model-transactions.ts'

export class Model implements ConsumeModel {
  now = 0
  readonly topics = new Map<string, { id: number; queues: ModelQueue[]; turn: number; type: number }>()
  readonly transactions = new ModelTransactions()
  readonly groups = new Map<string, ModelGroup>()
  held: Held[] = []
  readonly timers = new ModelTimers()
  #stored: {
    key: string
    queueId: number
    offset: number
    at: number
    timer?: TimerName
    transaction?: number
  }[] = []
  #answered: { key: string; reply: unknown; at: number }[] = []
  #ids = { topic: 0, group: 0, queue: 0 }

  /** `position` is where the command's body stands in the log. */
  apply(stamp: number, command: Command, position: number): unknown {
    this.now = Math.max(this.now, stamp)
    switch (command.type) {
      case 'createTopic':
        return this.#createTopic(command.name, command.queueCount, command.messageType)
      case 'deleteTopic':
        return this.#deleteTopic(command.name)
      case 'createGroup':
        return this.#createGroup(command)
      case 'deleteGroup':
        return this.#deleteGroup(command.name)
      case 'contact':
        return this.#contact(command)
      case 'send':
        return this.#send(command.topicId, command.messages, position + 8)
      case 'claim':
        return this.#claim(command)
      case 'ack':
        return this.once(command.request, 'ack', () => ({
          type: 'acked',
          valid: command.receipts.map((receipt) => this.#ack(receipt)),
        }))
      case 'changeInvisible':
        return this.once(command.request, 'change', () => this.#change(command.receipt, command.invisibleMs))
      case 'release':
        for (const delivery of command.deliveries) {
          const held = this.find(delivery)
          if (held === undefined || numberOf(held) !== delivery.attempt || held.request === null) continue
          if (delivery.deadline !== undefined && delivery.deadline !== held.visibleAt) continue
          held.attempt--
          this.#free(held)
        }
        return { type: 'done' }
      case 'releaseClient': {
        const client = text(command.client)
        for (const held of this.held)
          if (held.client === client && held.visibleAt > this.now) this.#free(held)
        return { type: 'done' }
      }
      case 'renew':
        for (const delivery of command.deliveries) this.#renew(delivery, command.invisibleMs)
        return { type: 'done' }
      case 'deadLetter':
        return this.#deadLetter(command.groupId, command.queue, command.items)
      case 'moveTransactions':
      case 'advance':
        return { type: 'done' }
      case 'fire':
        return this.timers.fire(
          command.timers,
          this.now,
          (topicId) => [...this.topics.values()].some(({ id }) => id === topicId),
          (topicId) => this.#takePlace(topicId),
        )
      case 'recall':
        return this.once(command.request, 'recall', () => this.timers.recall(command.timer, this.now), isDone)
      case 'moveTimers':
        return this.timers.move(command.items, position)
      case 'updateOffset':
      case 'forwardDead':
      case 'resetOffsets':
      case 'claimRepeat':
        return applyConsume(this, command)
      case 'endTransaction':
        return this.transactions.end(command, this.now, (topicId) => this.#place(topicId))
      case 'checkTransactions':
        return this.transactions.check(command.items, this.now)
      case 'redrive':
      case 'updateTopic':
      case 'updateGroup':
      case 'leaveTopic':
      case 'claimInOrder':
      case 'floor':
      case 'trim':
      case 'moveUp':
      case 'dropPages':
      default:
        throw new Error('retention, order and changes of rules are not modelled here')
    }
  }

  #createTopic(name: string, count: number, type = 1): unknown {
    const known = this.topics.get(name)
    if (known !== undefined)
      return known.queues.length === count ? topicReply(known.id) : refusal('TOPIC_EXISTS')
    if (name.includes('/')) return refusal('ILLEGAL_TOPIC')
    if (count === 0) return refusal('BAD_REQUEST')
    const id = ++this.#ids.topic
    const queues = Array.from({ length: count }, () => ({ number: ++this.#ids.queue, topicId: id, end: 0 }))
    this.topics.set(name, { id, queues, turn: 0, type })
    return topicReply(id)
  }

  #deleteTopic(name: string): unknown {
    const topic = this.topics.get(name)
    if (topic === undefined) return refusal('TOPIC_NOT_FOUND')
    this.topics.delete(name)
    this.transactions.forget(topic.id)
    const gone = topic.queues.map(({ number }) => number)
    this.held = this.held.filter(({ queue }) => !gone.includes(queue))
    for (const group of this.groups.values()) {
      for (const queue of gone) {
        group.cursors.delete(queue)
        group.kept.delete(queue)
        group.resets.delete(queue)
      }
    }
    return { type: 'done' }
  }

  #createGroup(command: Command & { type: 'createGroup' }): unknown {
    const { name, attemptsMax, start } = command
    const time = start.from === 'time' ? start.time : 0
    const known = this.groups.get(name)
    if (known === undefined && attemptsMax === 0) return refusal('BAD_REQUEST')
    if (known === undefined) return groupReply(this.#addGroup(name, attemptsMax, start.from, time).id)
    const same = known.attemptsMax === attemptsMax && known.from === start.from && known.time === time
    return same ? groupReply(known.id) : refusal('GROUP_EXISTS')
  }

  #addGroup(name: string, attemptsMax: number, from: string, time: number): ModelGroup {
    const group = {
      id: ++this.#ids.group,
      name,
      attemptsMax,
      from,
      time,
      cursors: new Map<number, number>(),
      kept: new Map(),
      resets: new Map(),
    }
    this.groups.set(name, group)
    return group
  }

  #deleteGroup(name: string): unknown {
    const group = this.groups.get(name)
    if (group === undefined) return refusal('GROUP_NOT_FOUND')
    this.groups.delete(name)
    this.held = this.held.filter(({ groupId }) => groupId !== group.id)
    return { type: 'done' }
  }

  #contact(command: Command & { type: 'contact' }): unknown {
    const topic = [...this.topics.values()].find(({ id }) => id === command.topicId)
    if (command.topicId !== null && topic === undefined) return refusal('TOPIC_NOT_FOUND')
    const group =
      this.groups.get(command.group) ?? this.#addGroup(command.group, DELIVERY_ATTEMPTS_DEFAULT, 'default', 0)
    for (const [i, { number, end }] of (topic?.queues ?? []).entries()) {
      if (group.cursors.has(number)) continue
      const byTime = Math.min(command.timeOffsets[i] ?? 0, end)
      group.cursors.set(number, group.from === 'latest' ? end : group.from === 'time' ? byTime : 0)
    }
    return groupReply(group.id)
  }

  #send(topicId: number, messages: Uint8Array, position: number): unknown {
    const topic = [...this.topics.values()].find(({ id }) => id === topicId)
    if (topic === undefined) return refusal('TOPIC_NOT_FOUND')
    const sent = []
    for (let at = 0; at < messages.byteLength; ) {
      const header = readStoredHeader(messages, at)
      if (header === undefined) throw new Error('a message is whole')
      const { identityA, identityB, bodyLength, bodyCrc, headerBytes, rawLength, value } = header
      const key = [topicId, identityA, identityB, bodyLength, bodyCrc].join()
      const known = this.#stored.find((one) => one.key === key && one.at + DEDUPE_MS > this.now)
      if (known?.transaction !== undefined) {
        sent.push({ queueId: 0, offset: 0, repeated: true, transaction: known.transaction })
      } else if (known === undefined && topic.type !== 1 && header.messageType === 4) {
        const transaction = position + at
        this.transactions.add(transaction, topicId, this.now, value)
        this.#stored.push({ key, queueId: 0, offset: 0, transaction, at: this.now })
        sent.push({ queueId: 0, offset: 0, repeated: false, transaction })
      } else if (known === undefined) {
        const dueMs = header.messageType === 3 ? header.value : 0
        if (dueMs > this.now) {
          const timer = this.timers.add(topicId, dueMs, position + at)
          this.#stored.push({ key, queueId: 0, offset: 0, at: this.now, timer })
          sent.push({ queueId: 0, offset: 0, repeated: false, timer })
          at += headerBytes + rawLength
          continue
        }
        const queueId = topic.turn++ % topic.queues.length
        const offset = (topic.queues[queueId] as ModelQueue).end++
        this.#stored.push({ key, queueId, offset, at: this.now })
        sent.push({ queueId, offset, repeated: false, timer: undefined })
      } else {
        const { queueId, offset, timer } = known
        sent.push({ queueId, offset, repeated: true, timer })
      }
      at += headerBytes + rawLength
    }
    return { type: 'sent', messages: sent }
  }

  /** The next place in a topic. */
  #place(topicId: number): { readonly queueId: number; readonly offset: number } {
    const place = this.#takePlace(topicId)
    if (place === undefined) throw new Error('an open transaction has a topic')
    return place
  }

  #takePlace(topicId: number): { readonly queueId: number; readonly offset: number } | undefined {
    const topic = [...this.topics.values()].find(({ id }) => id === topicId)
    if (topic === undefined) return undefined
    const queueId = topic.turn++ % topic.queues.length
    return { queueId, offset: (topic.queues[queueId] as ModelQueue).end++ }
  }

  once(
    request: Uint8Array,
    kind: string,
    make: () => unknown,
    isKept: (reply: unknown) => boolean = isAnswer,
  ): unknown {
    const key = kind + text(request)
    const before = this.#answered.find((one) => one.key === key && one.at + REQUEST_WINDOW_MS > this.now)
    if (before !== undefined) return before.reply
    const reply = make()
    if (isKept(reply)) this.#answered.push({ key, reply, at: this.now })
    return reply
  }

  #claim(command: Claim): unknown {
    const group = [...this.groups.values()].find(({ id }) => id === command.groupId)
    if (group === undefined) return refusal('GROUP_NOT_FOUND')
    const request = text(command.request)
    let isNew = false
    const messages: Held[] = []
    this.once(command.request, 'claim', () => {
      isNew = true
      for (const part of command.parts) this.#claimPart(group, part, command, messages)
    })
    if (isNew) return { type: 'claimed', messages: messages.map(claimed) }
    return { type: 'claimed', messages: this.heldUnder(request).map(claimed) }
  }

  #claimPart(group: ModelGroup, part: ClaimPart, command: Claim, into: Held[]): void {
    const { queue, start, end, offsets, again } = part
    const cursor = group.cursors.get(queue)
    const all = [...this.topics.values()].flatMap(({ queues }) => queues)
    const last = all.find(({ number }) => number === queue)?.end ?? -1
    const old = again.map((offset) => this.find({ groupId: group.id, queue, offset }))
    const oldHolds = old.every((one) => one && one.visibleAt <= this.now && one.attempt < group.attemptsMax)
    if (cursor !== start || end > last || !oldHolds || new Set(old).size !== old.length) return
    group.cursors.set(queue, end)
    const fresh = offsets.map((offset) => {
      const resets = group.resets.get(queue) ?? 0
      const place = { groupId: group.id, queue, offset, attempt: 0, visibleAt: 0, since: 0, resets }
      return { ...place, autoRenew: false, request: null, client: null } as Held
    })
    this.held.push(...fresh)
    for (const held of [...old, ...fresh]) {
      if (held === undefined) continue
      held.attempt++
      held.since = this.now
      held.visibleAt = this.now + command.invisibleMs
      held.autoRenew = command.autoRenew
      held.request = text(command.request)
      held.client = text(command.client)
      into.push({ ...held })
    }
  }

  find({ groupId, queue, offset }: Omit<Delivery, 'attempt'>): Held | undefined {
    return this.held.find((one) => one.groupId === groupId && one.queue === queue && one.offset === offset)
  }

  #ack(receipt: Receipt): boolean {
    const held = this.find(receipt)
    const group = [...this.groups.values()].find(({ id }) => id === receipt.groupId)
    const cursor = group?.cursors.get(receipt.queue) ?? 0
    const isOfNow = isSince(receipt, group?.resets.get(receipt.queue))
    if (held === undefined) return receipt.offset < cursor && receipt.deadline > this.now && isOfNow
    if (numberOf(held) !== receipt.attempt || held.visibleAt <= this.now) return false
    this.held.splice(this.held.indexOf(held), 1)
    return true
  }

  #change(receipt: Receipt, invisibleMs: number): unknown {
    if (invisibleMs > INVISIBLE_MS_MAX) return refusal('BAD_REQUEST')
    const held = this.find(receipt)
    const valid = held !== undefined && this.holds(held, receipt)
    if (!valid) return { type: 'changed', valid: false, deadline: 0 }
    held.visibleAt = this.now + invisibleMs
    held.autoRenew = false
    return { type: 'changed', valid: true, deadline: held.visibleAt }
  }

  holds(held: Held, delivery: Delivery): boolean {
    return numberOf(held) === delivery.attempt && held.visibleAt > this.now
  }

  #free(held: Held): void {
    Object.assign(held, { visibleAt: this.now, autoRenew: false, request: null, client: null })
  }

  #renew(delivery: Delivery, invisibleMs: number): void {
    const held = this.find(delivery)
    if (held === undefined || !this.holds(held, delivery) || !held.autoRenew) return
    const end = Math.min(this.now + invisibleMs, held.since + RENEW_TOTAL_MS_MAX)
    held.visibleAt = Math.max(held.visibleAt, end)
  }

  heldUnder(request: string): Held[] {
    const still = this.held.filter((held) => held.request === request && held.visibleAt > this.now)
    return still.sort((one, other) => one.queue - other.queue || one.offset - other.offset)
  }

  #deadLetter(groupId: number, queue: number, items: readonly { offset: number }[]): unknown {
    const group = [...this.groups.values()].find(({ id }) => id === groupId)
    if (group === undefined) return refusal('GROUP_NOT_FOUND')
    for (const { offset } of items) {
      const held = this.find({ groupId, queue, offset: offset as never })
      if (!held || held.visibleAt > this.now || held.attempt < group.attemptsMax) continue
      this.bury(group, held)
    }
    return { type: 'done' }
  }

  bury(group: ModelGroup, held: Held): void {
    this.held.splice(this.held.indexOf(held), 1)
    const name = `%DLQ%${group.name}`
    if (!this.topics.has(name)) this.#createTopic(name, 1)
    const topic = this.topics.get(name)
    if (topic !== undefined) (topic.queues[topic.turn++ % topic.queues.length] as ModelQueue).end++
  }
}

function isDone(reply: unknown): boolean {
  return (reply as { readonly type: string }).type === 'done'
}

/** A refusal changes nothing and is not remembered. */
function isAnswer(reply: unknown): boolean {
  return (reply as { readonly type?: string } | undefined)?.type !== 'refused'
}
