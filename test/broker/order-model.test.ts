/** Random programs of a fifo group: against a model in plain words, and against what order promises. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LogPosition, Millis, QueueOffset } from '../../src/base/brand.ts'
import { Prng } from '../../src/base/prng.ts'
import type {
  ClaimedMessage,
  ClaimInOrder,
  Command,
  Receipt,
  Reply,
} from '../../src/broker/machine/commands.ts'
import { clientHash, requestKey } from './machine/support/messages.ts'
import { OrderModel } from './support/order-model.ts'
import { OrderScene, type OrderSceneOptions } from './support/order-scene.ts'

const GROUPS = ['a', 'b', 'c', '-']

/** Windows of rings, which are walked at each restart. */
const SMALL = { dedupeIdsMax: 1 << 10, requestsMax: 1 << 10 }

interface Program {
  readonly seed: number
  readonly steps: number
  readonly attemptsMax: number
  readonly queues: number
}

const programs = fc.record({
  seed: fc.nat(),
  steps: fc.integer({ min: 5, max: 90 }),
  attemptsMax: fc.integer({ min: 1, max: 3 }),
  queues: fc.integer({ min: 1, max: 3 }),
})

/** One run: what is sent, received and acked is chosen by the seed, as a leader and its clients would. */
class Run {
  readonly random: Prng
  readonly scene: OrderScene
  readonly model: OrderModel
  readonly sent = new Map<string, number>()
  /** For each message group the number that must come next, unless an earlier one comes again. */
  readonly next = new Map<string, number>()
  readonly buried = new Set<string>()
  receipts: Receipt[] = []
  #requests = 0

  constructor({ seed, attemptsMax, queues }: Program, options: OrderSceneOptions = {}) {
    this.random = new Prng(seed)
    this.scene = new OrderScene({ attemptsMax, queues, messageType: 127, ...SMALL, ...options })
    this.model = new OrderModel(attemptsMax)
    this.#learnQueues()
  }

  #learnQueues(): void {
    for (const queue of this.scene.machine.topicById(1)?.queues ?? []) {
      if (!this.model.cursors.has(queue)) this.model.cursors.set(queue, 0)
      this.model.ends.set(queue, this.scene.machine.queue(queue)?.nextOffset ?? 0)
    }
  }

  step(): void {
    const { random, scene } = this
    const kind = random.below(100)
    if (kind < 25) return this.send()
    if (kind < 55) return this.receive()
    if (kind < 75) return this.#apply({ type: 'ack', request: this.#request(), receipts: this.#some() })
    if (kind < 80) return this.#change()
    if (kind < 84) return this.#apply({ type: 'release', deliveries: this.#some() })
    if (kind < 86)
      return this.#apply({ type: 'releaseClient', client: clientHash(random.below(3)), groupId: null })
    if (kind < 92) return this.bury()
    if (kind < 94) return scene.restart()
    if (kind < 95) return void scene.drain()
    if (kind < 96) return this.#grow()
    return this.#apply({ type: 'advance' }, random.pick([1, 5_000, 40_000]))
  }

  send(): void {
    const texts = Array.from({ length: this.random.below(6, 1) }, () => {
      const group = this.random.pick(GROUPS)
      const n = (this.sent.get(group) ?? 0) + 1
      this.sent.set(group, n)
      return `${group}${n}`
    })
    this.scene.send(...texts)
    this.#learnQueues()
  }

  receive(): void {
    const { random, scene } = this
    const planner = scene.planner()
    for (let left = random.below(4, 1); left > 0; left--) {
      const wish = { max: random.below(5, 1), client: random.below(3), rotation: random.below(2) }
      const command = scene.claimFor(planner, wish)
      this.#apply(random.chance(0.1) ? this.#odd(command) : command)
      if (random.chance(0.1)) this.#apply(command)
    }
  }

  /** A claim that a leader would not make: order must not depend on it. */
  #odd(command: ClaimInOrder): ClaimInOrder {
    switch (this.random.below(4)) {
      case 0:
        return { ...command, messages: command.messages.map((message) => ({ ...message, handedOut: true })) }
      case 1:
        return { ...command, lanes: [...command.lanes, ...command.lanes] }
      case 2:
        return { ...command, cursors: command.cursors.map((one) => ({ ...one, start: one.end })) }
      default:
        return {
          ...command,
          lanes: command.lanes.map(({ key, messages }) => ({ key, messages: messages.slice(1) })),
        }
    }
  }

  /** Buries what has no attempts left, with the model or after its end. */
  bury(apply = (command: Command): void => this.#apply(command)): void {
    const { machine } = this.scene
    for (const { queue, offset } of machine.exhausted(machine.now, 5)) {
      const item = { offset, position: 0 as LogPosition, size: 60, tagHash: 0 }
      apply({ type: 'deadLetter', groupId: 1, queue, items: [item] })
      const stays = machine
        .exhausted(machine.now, 100)
        .some((one) => one.queue === queue && one.offset === offset)
      if (!stays) this.buried.add(this.scene.textOf({ queue, offset }))
    }
  }

  #change(): void {
    const [receipt] = this.#some()
    if (receipt === undefined) return
    const invisibleMs = this.random.pick([0, 3_000, 100_000]) as Millis
    this.#apply({ type: 'changeInvisible', request: this.#request(), receipt, invisibleMs })
  }

  #grow(): void {
    const queueCount = (this.scene.machine.topicById(1)?.queues.length ?? 0) + 1
    this.#apply({ type: 'updateTopic', name: 'carts', queueCount, permission: null, retentionMs: null })
    this.#learnQueues()
  }

  #request(): Uint8Array {
    return requestKey(50_000 + this.#requests++)
  }

  #some(): Receipt[] {
    if (this.receipts.length === 0) return []
    return Array.from({ length: this.random.below(6) }, () => this.random.pick(this.receipts))
  }

  #apply(command: Command, laterMs = 0): void {
    const { scene, model } = this
    const reply = scene.one(command, laterMs)
    model.now = scene.nowMs
    const expected = model.apply(command)
    if (command.type !== 'updateTopic') expect(reply).toEqual(expected)
    if (reply.type === 'claimed') this.#learn(reply)
    for (const [queue, cursor] of model.cursors) {
      expect(scene.machine.consumer(1, queue)).toEqual({
        cursor,
        inFlight: model.inFlight(queue),
        parked: model.parked(queue),
        committed: model.committed(queue),
      })
    }
  }

  #learn({ messages }: Reply & { readonly type: 'claimed' }): void {
    for (const message of messages) {
      this.receipts.push({ ...message, groupId: 1 })
      this.#inTurn(message)
    }
    this.receipts = this.receipts.slice(-30)
  }

  /** A new message comes only after all before it in its message group; a repeat goes back and on from there. */
  #inTurn(message: ClaimedMessage): void {
    const [, group = '', number] = /^(\D+)(\d+)$/.exec(this.scene.textOf(message)) ?? []
    if (group === '-') return
    const expected = this.next.get(group) ?? 1
    const n = Number(number)
    for (let missing = expected; missing < n; missing++) expect(this.buried).toContain(`${group}${missing}`)
    this.next.set(group, n + 1)
  }

  /** Receives and acks until nothing is left. */
  drain(): void {
    const { scene } = this
    for (let left = 2_000; left > 0; left--) {
      const got = scene.receive({ rotation: left })
      for (const message of got) this.#inTurn(message)
      if (got.length > 0) scene.ack(got)
      else scene.later(200_000)
      if (got.length === 0) this.bury((command) => scene.one(command))
      if (got.length === 0 && this.lag() === 0) return
    }
    throw new Error('it never ends')
  }

  lag(): number {
    const { machine } = this.scene
    let lag = 0
    for (const queue of machine.topicById(1)?.queues ?? []) {
      const place = machine.consumer(1, queue)
      lag += (machine.queue(queue)?.nextOffset ?? 0) - ((place?.committed ?? 0) as QueueOffset)
    }
    return lag
  }
}

test('every answer is what the plain words of the semantics give, whatever a leader plans', () => {
  fc.assert(
    fc.property(programs, (program) => {
      const run = new Run(program)
      for (let step = 0; step < program.steps; step++) run.step()
      expect(run.scene.machine.faults()).toEqual([])
      const loaded = run.scene.reload()
      expect(loaded.digests().applied.digest).toBe(run.scene.digest)
    }),
    { numRuns: 100 },
  )
})

test('in the end everything is consumed, in order, also with bounds that are soon reached', () => {
  fc.assert(
    fc.property(programs, fc.boolean(), (program, bounded) => {
      const run = new Run(program, bounded ? { lanesMax: 2, parkedMax: 3 } : {})
      for (let step = 0; step < program.steps; step++) run.step()
      run.drain()
      expect(run.scene.machine.faults()).toEqual([])
      expect(run.scene.machine.orderLoad(1, 1)).toEqual({ lanes: 0, parked: 0, parkedInAll: 0 })
    }),
    { numRuns: 60 },
  )
})
