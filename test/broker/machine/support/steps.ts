/** Random steps that make sense often enough: each turns into a command by looking at the machine. */
import { plainPolicy } from '../../../../src/broker/machine/group-policy.ts'
import * as fc from 'fast-check'
import type { LogPosition, Millis, QueueOffset } from '../../../../src/base/brand.ts'
import { Prng } from '../../../../src/base/prng.ts'
import type {
  ClaimPart,
  Command,
  Delivery,
  Receipt,
  Reply,
  SentMessage,
  StartPolicy,
  Timer,
} from '../../../../src/broker/machine/commands.ts'
import type { BrokerMachine } from '../../../../src/broker/machine/machine.ts'
import { TYPED_HEADER_BYTES } from '../../../../src/broker/machine/stored-message.ts'
import type { GroupView, TopicView } from '../../../../src/broker/machine/view.ts'
import { clientHash, delayedMessage, requestKey, sendOf, storedMessage } from './messages.ts'

const TOPICS = ['a', 'b', 'c', 'not/legal']
const GROUPS = ['g', 'h', 'i']
const STARTS: readonly StartPolicy[] = [
  { from: 'default' },
  { from: 'earliest' },
  { from: 'latest' },
  { from: 'time', time: 5 as Millis },
]

/** One step: how much later, how many commands in the entry, and the seed of what they are. */
export interface Step {
  readonly laterMs: number
  readonly commands: number
  readonly seed: number
}

export function steps(max = 60): fc.Arbitrary<Step[]> {
  const step = fc.record({
    laterMs: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 9000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 30_000, max: 200_000 }) },
    ),
    commands: fc.integer({ min: 0, max: 3 }),
    seed: fc.nat(),
  })
  // Small logs show little: the length is spread over the whole range.
  return fc.array(step, { minLength: 1, maxLength: max, size: 'max' })
}

/** Turns steps into commands and remembers what earlier ones answered. */
export class Actor {
  #receipts: Receipt[] = []
  #timers: readonly Timer[] = []
  #requests = 0
  #transactions: { readonly transaction: LogPosition; readonly topicId: number }[] = []

  /** The commands of a step, chosen by what the machine shows. */
  commandsOf(step: Step, machine: BrokerMachine): Command[] {
    const random = new Prng(step.seed)
    return Array.from({ length: step.commands }, () => this.#command(random, machine))
  }

  /** Learns the receipts of claims that were answered. */
  learn(commands: readonly Command[], replies: readonly Reply[]): void {
    for (const [i, reply] of replies.entries()) {
      const command = commands[i]
      if (reply.type === 'sent' && command?.type === 'send')
        this.#learnHalves(command.topicId, reply.messages)
      if (reply.type !== 'claimed' || command?.type !== 'claim') continue
      for (const message of reply.messages) this.#receipts.push({ ...message, groupId: command.groupId })
    }
    this.#receipts = this.#receipts.slice(-40)
  }

  #learnHalves(topicId: number, messages: readonly SentMessage[]): void {
    for (const { transaction } of messages) {
      if (transaction !== undefined) this.#transactions.push({ transaction, topicId })
    }
    this.#transactions = this.#transactions.slice(-20)
  }

  #end(random: Prng, machine: BrokerMachine): Command {
    const open = [...machine.transactions()]
    const known = random.chance(0.5) && open.length > 0 ? open : this.#transactions
    const resolution = random.chance(0.6) ? 'commit' : 'rollback'
    if (known.length === 0) return { type: 'advance' }
    const { transaction, topicId } = random.pick(known)
    const wrongTopic = random.chance(0.05) ? 77 : topicId
    return { type: 'endTransaction', transaction, topicId: wrongTopic, resolution }
  }

  #command(random: Prng, machine: BrokerMachine): Command {
    const kind = random.below(118)
    if (kind < 5) return this.#catalog(random)
    if (kind < 15) return this.#contact(random, machine)
    if (kind < 40) return this.#send(random, machine)
    if (kind < 65) return this.#claim(random, machine)
    if (kind < 76) return { type: 'ack', request: this.#request(random), receipts: this.#some(random) }
    if (kind < 81) return this.#timer(random, machine)
    if (kind < 85) return this.#change(random)
    if (kind < 89) return { type: 'release', deliveries: this.#some(random) }
    if (kind < 91) return { type: 'releaseClient', client: clientHash(random.below(3)), groupId: null }
    if (kind < 95) return { type: 'renew', invisibleMs: 60_000 as Millis, deliveries: this.#some(random) }
    if (kind < 97) return deadLetter(random, machine)
    if (kind < 98) return this.#updateOffset(random, machine)
    if (kind < 99) return this.#consume(random, machine)
    if (kind >= 110) return this.#end(random, machine)
    if (kind >= 100) return kind < 107 ? check(random, machine) : move(random, machine)
    return { type: 'advance' }
  }

  #catalog(random: Prng): Command {
    const name = random.pick(TOPICS)
    switch (random.below(8)) {
      case 0:
        return { type: 'deleteTopic', name }
      case 1:
        return { type: 'deleteGroup', name: random.pick(GROUPS) }
      case 2:
      case 3:
        return {
          type: 'createGroup',
          name: random.pick(GROUPS),
          start: random.pick(STARTS),
          ...plainPolicy(random.below(3)),
        }
      default:
        return { type: 'createTopic', name, messageType: typeOf(name), queueCount: random.below(4) }
    }
  }

  #contact(random: Prng, machine: BrokerMachine): Command {
    const topics = [...machine.topics()]
    if (topics.length === 0) return { type: 'createTopic', name: 'a', messageType: 1, queueCount: 2 }
    const topic = random.pick(topics)
    const timeOffsets = topic.queues.map(() => random.below(20) as QueueOffset)
    const topicId = random.chance(0.1) ? null : topic.id
    return { type: 'contact', group: random.pick(GROUPS), topicId, timeOffsets }
  }

  #send(random: Prng, machine: BrokerMachine): Command {
    const topic = pickTopic(random, machine)
    const messages = Array.from({ length: random.below(6, 1) }, () => {
      const id = random.below(60)
      const later = random.pick([-1, 0, 1, 4000, 30_000])
      if (random.chance(0.3)) return delayedMessage(id, Math.max(0, machine.now + later))
      const body = random.chance(0.1) ? 'another body' : `body ${id}`
      const isHalf = topic !== undefined && topic.messageType !== 1 && id % 2 === 0
      return isHalf
        ? storedMessage(id, body, { messageType: 4, value: 1000 * (id % 8) })
        : storedMessage(id, body)
    })
    return sendOf(topic?.id ?? 1, messages)
  }

  /** What may be done with timers, mostly when it holds, now and then too early or twice. */
  #timer(random: Prng, machine: BrokerMachine): Command {
    this.#timers = [...this.#timers, ...machine.takeEffects().timersMade].slice(-30)
    const kind = random.below(10)
    const timer = this.#timers.length === 0 ? undefined : random.pick(this.#timers)
    if (timer === undefined) return { type: 'advance' }
    if (kind < 6) {
      const due = this.#timers.filter(({ dueMs }) => dueMs <= machine.now || random.chance(0.1))
      return { type: 'fire', timers: due.filter(() => random.chance(0.7)) }
    }
    if (kind < 9) {
      const id = random.chance(0.05) ? timer.id + 1000 : timer.id
      return { type: 'recall', request: this.#request(random), timer: { ...timer, id } }
    }
    const stored = delayedMessage(1, timer.dueMs, '.'.repeat(timer.size - TYPED_HEADER_BYTES))
    return { type: 'moveTimers', items: [{ timer, stored }] }
  }

  #claim(random: Prng, machine: BrokerMachine): Command {
    const group = pickGroup(random, machine)
    return {
      type: 'claim',
      request: this.#request(random),
      client: clientHash(random.below(3)),
      groupId: group?.id ?? 9,
      invisibleMs: random.pick([1, 5000, 60_000]) as Millis,
      autoRenew: random.chance(0.5),
      parts: group === undefined ? [] : parts(random, machine, group),
    }
  }

  #change(random: Prng): Command {
    const request = this.#request(random)
    const [receipt] = this.#some(random)
    if (receipt === undefined) return { type: 'advance' }
    const invisibleMs = random.pick([0, 3000, 100_000]) as Millis
    return { type: 'changeInvisible', request, receipt, invisibleMs }
  }

  #updateOffset(random: Prng, machine: BrokerMachine): Command {
    const queue = random.pick(pickTopic(random, machine)?.queues ?? [9])
    const groupId = pickGroup(random, machine)?.id ?? 9
    const offset = random.below((machine.queue(queue)?.nextOffset ?? 0) + 3) as QueueOffset
    return { type: 'updateOffset', request: this.#request(random), groupId, queue, offset }
  }

  #consume(random: Prng, machine: BrokerMachine): Command {
    const request = this.#request(random)
    const [receipt] = this.#some(random)
    if (random.chance(0.3))
      return { type: 'claimRepeat', request, invisibleMs: random.pick([1, 60_000]) as Millis }
    if (receipt !== undefined && random.chance(0.5)) {
      return {
        type: 'forwardDead',
        request,
        receipt,
        pointer: { position: 5 as LogPosition, size: 60, tagHash: 0 },
      }
    }
    const group = pickGroup(random, machine)
    const queues = (pickTopic(random, machine)?.queues ?? [9]).map((queue) => {
      return { queue, offset: random.below((machine.queue(queue)?.nextOffset ?? 0) + 3) as QueueOffset }
    })
    return { type: 'resetOffsets', request, groupId: group?.id ?? 9, queues }
  }

  /** Mostly a new key, now and then one that was there. */
  #request(random: Prng): Uint8Array {
    if (this.#requests > 0 && random.chance(0.15)) return requestKey(random.below(this.#requests))
    return requestKey(this.#requests++)
  }

  #some(random: Prng): Receipt[] {
    if (this.#receipts.length === 0) return []
    return Array.from({ length: random.below(5) }, () => {
      const receipt = random.pick(this.#receipts)
      return random.chance(0.1) ? { ...receipt, attempt: random.below(4) } : receipt
    })
  }
}

function pickTopic(random: Prng, machine: BrokerMachine): TopicView | undefined {
  const topics = [...machine.topics()]
  return topics.length === 0 ? undefined : random.pick(topics)
}

function pickGroup(random: Prng, machine: BrokerMachine): GroupView | undefined {
  const groups = [...machine.groups()]
  return groups.length === 0 ? undefined : random.pick(groups)
}

function parts(random: Prng, machine: BrokerMachine, group: GroupView): ClaimPart[] {
  const chosen: ClaimPart[] = []
  for (const topicId of group.topics) {
    for (const queue of machine.topicById(topicId)?.queues ?? []) {
      if (random.chance(0.3)) continue
      const cursor = machine.consumer(group.id, queue)?.cursor ?? 0
      const last = machine.queue(queue)?.nextOffset ?? 0
      const start = (random.chance(0.05) ? cursor + 1 : cursor) as QueueOffset
      const end = Math.min(last + (random.chance(0.05) ? 1 : 0), start + random.below(6)) as QueueOffset
      const offsets: QueueOffset[] = []
      for (let offset = start; offset < end; offset++) if (random.chance(0.8)) offsets.push(offset)
      const again = machine.visibleClaims(group.id, queue, machine.now, random.below(4)).map((c) => c.offset)
      if (again[0] !== undefined && random.chance(0.05)) again.push(again[0])
      chosen.push({ queue, start, end, offsets, again })
    }
  }
  return chosen
}

/** Topics of the name `a` take NORMAL messages, `b` all, `c` transactions. */
function typeOf(name: string): number {
  return name === 'b' ? 127 : name === 'c' ? 4 : 1
}

function check(random: Prng, machine: BrokerMachine): Command {
  const items = [...machine.transactions()]
    .filter(() => random.chance(0.5))
    .map(({ transaction, checks }) => ({
      transaction,
      checks: random.chance(0.1) ? checks + 1 : checks,
      nextAt: random.chance(0.3) ? null : ((machine.now + random.below(9000)) as Millis),
    }))
  return { type: 'checkTransactions', items }
}

function move(random: Prng, machine: BrokerMachine): Command {
  const items = [...machine.transactions()]
    .filter(() => random.chance(0.5))
    .map(({ transaction, position, size }) => ({
      transaction,
      position: (random.chance(0.1) ? position + 1 : position) as LogPosition,
      stored: storedMessage(0, 'x'.repeat(size - TYPED_HEADER_BYTES), { messageType: 4, value: 0 }),
    }))
  return { type: 'moveTransactions', items }
}

function deadLetter(random: Prng, machine: BrokerMachine): Command {
  const [first, ...others] = machine.exhausted(machine.now, 5)
  if (first === undefined) return { type: 'advance' }
  const { groupId, queue } = first
  const same = [first, ...others].filter((claim) => claim.queue === queue && claim.groupId === groupId)
  const items = same.map(({ offset }: Delivery) => ({
    offset,
    position: random.below(1000) as LogPosition,
    size: 60,
    tagHash: 0,
  }))
  return { type: 'deadLetter', groupId, queue, items }
}
