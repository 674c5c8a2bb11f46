/**
 * What a blocked message group costs the others of its queues: messages of other groups planned, handed out and acked
 * per second of CPU, alone and behind a group with a message that is not acked and so many behind it. In one process,
 * without the log; CPU time, so that a busy machine does not show.
 */
import { parseArgs } from 'node:util'
import type { LogIndex, LogPosition, Millis, QueueOffset } from '../src/base/brand.ts'
import { crc32 } from '../src/base/crc32.ts'
import type { Command, QueueEntry, Reply } from '../src/broker/machine/commands.ts'
import { BrokerMachine, encodeCommand, encodeEntry, plainPolicy } from '../src/broker/machine/index.ts'
import { TYPED_HEADER_BYTES, writeStoredHeader } from '../src/broker/machine/stored-message.ts'
import { OrderPlanner } from '../src/broker/order-planner.ts'
import { type Aim, printTable, reached, short } from './report.ts'

const QUEUES = 8
const RECEIVERS = 8
const MESSAGES_PER_RECEIVE = 32
const MESSAGES_PER_ENTRY = 500
const OTHER_GROUPS = 1000
const BODY_BYTES = 16
const DRAIN_EVERY = 20
const PAGE_TABLE = 5
const FILTER = { mayMatch: () => true, readsMessage: false, matches: () => true }

const { values } = parseArgs({
  options: {
    blocked: { type: 'string', default: '1000000' },
    others: { type: 'string', default: '100000' },
  },
})
const blocked = Number(values.blocked)
const others = Number(values.others)

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

class Bench {
  readonly machine = new BrokerMachine()
  readonly #pages = new Map<string, Uint8Array>()
  #stamp = 1_700_000_000_000
  #position = 0
  #requests = 0
  #sent = 0
  #entries = 0

  constructor() {
    this.#apply([
      { type: 'createTopic', name: 'carts', messageType: 2, queueCount: QUEUES },
      { type: 'createGroup', name: 'shop', start: { from: 'default' }, ...plainPolicy(17), fifo: true },
      { type: 'contact', group: 'shop', topicId: 1, timeOffsets: [] },
    ])
  }

  #apply(commands: readonly Command[]): readonly Reply[] {
    // Log time stands nearly still, so that no invisible time ends.
    if (this.#entries++ % 1000 === 0) this.#stamp++
    const data = Buffer.concat(encodeEntry(this.#stamp as Millis, commands.map(encodeCommand)).chunks)
    const index = (this.machine.appliedIndex + 1) as LogIndex
    const replies = this.machine.apply({ index, position: this.#position as LogPosition }, data)
    this.#position += data.byteLength
    if (this.#entries % DRAIN_EVERY === 0) this.#drain()
    return replies
  }

  #drain(): void {
    for (const { key, value } of this.machine.drain()) {
      if (key[1] === PAGE_TABLE && value !== null) this.#pages.set(textOf(key), value.slice())
    }
  }

  /** Sends `count` messages; `groupOf` names the message group of each. */
  send(count: number, groupOf: (n: number) => number): void {
    const size = TYPED_HEADER_BYTES + BODY_BYTES
    for (let start = 0; start < count; start += MESSAGES_PER_ENTRY) {
      const length = Math.min(MESSAGES_PER_ENTRY, count - start)
      const messages = new Uint8Array(length * size)
      for (let i = 0; i < length; i++) this.#write(messages.subarray(i * size), groupOf(start + i))
      this.#apply([{ type: 'send', topicId: 1, count: length, messages }])
    }
  }

  #write(into: Uint8Array, group: number): void {
    const id = this.#sent++
    const name = crc32(Uint8Array.of(group >> 8, group))
    writeStoredHeader(into, {
      messageType: 2,
      identityA: Math.imul(id, 0x9e3779b1) >>> 0,
      identityB: id,
      bodyCrc: 0,
      tagHash: 0,
      rawLength: BODY_BYTES,
      systemStart: 0,
      systemLength: 0,
      bodyStart: 0,
      bodyLength: BODY_BYTES,
      storedAtMs: 1,
      value: 0,
      hash: (BigInt(name) << 32n) | BigInt(Math.imul(name, 0x85ebca6b) >>> 0),
    })
  }

  /** One round of receivers, whose messages are acked at once. Returns how many messages came. */
  round(isAcked = true): number {
    const { machine } = this
    const group = machine.groupById(1)
    const topic = machine.topicById(1)
    if (group === undefined || topic === undefined) throw new Error('the bench has its topic and its group')
    const entry = (queue: number, offset: QueueOffset): QueueEntry | undefined => this.#entry(queue, offset)
    const reader = { cachedPointer: entry, cachedEntry: entry }
    const planner = new OrderPlanner({
      view: machine,
      group,
      topic,
      now: machine.now,
      reader,
      stored: () => undefined,
    })
    const commands: Command[] = []
    for (let receiver = 0; receiver < RECEIVERS; receiver++) {
      const { lanes, cursors, messages } = planner.plan(
        { filter: FILTER, messagesMax: MESSAGES_PER_RECEIVE },
        receiver,
      )
      commands.push({
        type: 'claimInOrder',
        request: this.#request(),
        client: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, receiver),
        groupId: 1,
        topicId: 1,
        invisibleMs: 3_600_000 as Millis,
        autoRenew: false,
        lanes,
        cursors,
        messages,
      })
    }
    let came = 0
    const acks: Command[] = []
    for (const reply of this.#apply(commands)) {
      if (reply.type !== 'claimed' || reply.messages.length === 0) continue
      came += reply.messages.length
      const receipts = reply.messages.map((message) => ({ ...message, groupId: 1 }))
      acks.push({ type: 'ack', request: this.#request(), receipts })
    }
    if (isAcked && acks.length > 0) this.#apply(acks)
    return came
  }

  #request(): Uint8Array {
    const key = new Uint8Array(16)
    new DataView(key.buffer).setUint32(4, this.#requests++)
    return key
  }

  #entry(queue: number, offset: QueueOffset): QueueEntry | undefined {
    const known = this.machine.entryInMemory(queue, offset)
    if (known !== undefined) return known
    const key = textOf(this.machine.pageKey(queue, offset))
    if (!this.#pages.has(key)) this.#drain()
    const page = this.#pages.get(key)
    return page && this.machine.entryInPage(page, offset)
  }

  get parked(): number {
    return this.machine.orderLoad(1, 1).parked
  }

  /** Messages of other groups a second of CPU, until all are consumed. */
  flow(count: number): number {
    this.send(count, (n) => 1 + (n % OTHER_GROUPS))
    const start = cpuMs()
    let came = 0
    while (came < count) came += this.round()
    return (1000 * came) / (cpuMs() - start)
  }

  /** Blocks a message group and lets the cursors pass all that is behind. Returns messages a second of CPU. */
  block(): number {
    this.send(1, () => 0)
    this.round(false)
    this.send(blocked, () => 0)
    const start = cpuMs()
    while (this.parked < blocked) this.round()
    return (1000 * blocked) / (cpuMs() - start)
  }
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1')
}

function heapMiB(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

const mean = (rates: readonly number[]): number => rates.reduce((sum, rate) => sum + rate, 0) / rates.length

/** With as many messages before it, all consumed: queues and windows are as long as in the other run. */
function measureFree(): number {
  const bench = new Bench()
  bench.flow(blocked)
  return mean([bench.flow(others), bench.flow(others)])
}

function measureBehind(): { readonly rate: number; readonly passed: number; readonly grownMiB: number } {
  const bench = new Bench()
  bench.flow(others)
  const before = heapMiB()
  const passed = bench.block()
  const grownMiB = heapMiB() - before
  return { rate: mean([bench.flow(others), bench.flow(others)]), passed, grownMiB }
}

const free = measureFree()
const behind = measureBehind()
printTable(
  ['', 'messages per CPU second'],
  [
    ['other message groups, nothing blocked', short(free)],
    [`the same behind ${blocked} of a blocked group`, short(behind.rate)],
    ['passing what is blocked, once', short(behind.passed)],
  ],
)
console.log(`heap grown by ${short(behind.grownMiB)} MiB for what waits`)
const aim: Aim = {
  what: 'rate behind a blocked group',
  value: behind.rate / free,
  rule: 'at least',
  bound: 0.9,
}
console.log(
  `${aim.what}: ratio ${short(aim.value)}, aim at least ${aim.bound}${reached(aim) ? '' : ' (missed)'}`,
)
