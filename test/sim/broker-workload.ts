/** The real broker machine on the simulated log, with clients that use it and an oracle that follows the log. */
import { assert } from '../../src/base/assert.ts'
import { millis, type LogIndex, type Millis, type NodeId } from '../../src/base/brand.ts'
import type { Prng } from '../../src/base/prng.ts'
import { LogClock } from '../../src/broker/log-clock.ts'
import { BrokerMachine, encodeCommand, encodeEntry } from '../../src/broker/machine/index.ts'
import type { Reply, Timer } from '../../src/broker/machine/commands.ts'
import { BrokerClient, TOPIC, type Call } from './broker-client.ts'
import { BrokerOracle } from './broker-oracle.ts'
import { ORDER_TOPIC } from './order-client.ts'
import { OrderOracle } from './order-oracle.ts'
import type { Row } from './tables.ts'
import type { Action, Asked, Workload } from './workload.ts'

/** The log time of one member while it leads one term. */
interface TermClock {
  readonly term: number
  readonly clock: LogClock
}

/** Broker machines, one a member, and the clients of the group. */
export class BrokerWorkload implements Workload<Reply, BrokerMachine> {
  readonly #clients: readonly BrokerClient[]
  readonly #oracle = new BrokerOracle()
  readonly #order = new OrderOracle()
  /** Of all members that were asked, so some are there more than once. */
  readonly #timers: Timer[] = []
  readonly #clocks = new Map<NodeId, TermClock>()
  /** What each proposed entry holds, known by its very bytes. */
  readonly #calls = new WeakMap<Uint8Array, { readonly call: Call; readonly stampMs: number }>()

  constructor(settings: { readonly clientCount: number }) {
    this.#clients = Array.from({ length: settings.clientCount }, (_, at) => new BrokerClient(at + 1))
  }

  /** What the run has reached. */
  get counts(): BrokerOracle['counts'] & { readonly inOrder: number } {
    return { ...this.#oracle.counts, inOrder: this.#order.delivered }
  }

  start(rows: readonly Row[]): BrokerMachine {
    const loader = BrokerMachine.loader({ dedupeIdsMax: 1 << 15, requestsMax: 1 << 13 })
    for (const [key, value] of rows) loader.add(key, value)
    const { machine, problems } = loader.finish()
    assert(problems.length === 0, 'the rows are those that were written', { problems })
    return machine
  }

  act(number: number, asked: Asked<BrokerMachine>, prng: Prng): Action<Reply> | null {
    const client = this.#clients[number]
    assert(client !== undefined, 'the client exists', { number })
    const now = this.#logTime(asked)
    this.#timers.push(...asked.machine.takeEffects().timersMade)
    this.#order.queues = asked.machine.topic(ORDER_TOPIC)?.queues ?? this.#order.queues
    const sent = this.#order.entryOf.bind(this.#order)
    const call = client.next(asked.machine, { timers: this.#timers, sent }, now, prng)
    const { chunks, size } = encodeEntry(now, [encodeCommand(call.command)])
    const data = new Uint8Array(size)
    let at = 0
    for (const chunk of chunks) {
      data.set(chunk, at)
      at += chunk.byteLength
    }
    this.#calls.set(data, { call, stampMs: now })
    return {
      data,
      done: (outcome) => {
        if (outcome.type === 'applied') client.answered(call, outcome.replies[0])
      },
    }
  }

  observe(index: LogIndex, data: Uint8Array, replies: readonly Reply[]): void {
    if (data.byteLength === 0) return
    const known = this.#calls.get(data)
    const reply = replies[0]
    assert(known !== undefined && reply !== undefined, 'an entry is somebody’s call', { index })
    const { command, ids, ordered } = known.call
    if (ordered !== true) this.#oracle.observe(command, reply, known.stampMs, ids)
    this.#order.observe(command, reply, known.stampMs, ordered === true ? ids : null)
  }

  finish(machine: BrokerMachine): void {
    const faults = machine.faults()
    assert(faults.length === 0, 'the machine’s own rules hold', { faults })
    for (const client of this.#clients) {
      for (const id of client.acknowledged) {
        assert(this.#oracle.storedAt(id) !== undefined, 'what was acknowledged is there', { id })
      }
      for (const id of client.order.acknowledged) {
        assert(this.#order.hasStored(id), 'what was acknowledged is there', { id })
      }
    }
    assert(machine.timers.count === this.#oracle.waiting, 'what waits is known')
    const { open } = machine.transactionCounts
    assert(open === this.#oracle.transactions.open, 'what is open is known', { open })
    const topic = machine.topic(TOPIC)
    topic?.queues.forEach((queue, queueId) => {
      const stored = machine.queue(queue)?.nextOffset
      assert(stored === this.#oracle.lengthOf(queueId), 'each message stands once', { queueId, stored })
    })
  }

  /** Log time as a real leader has it whose wall clock tells the majority’s time: from the last stamp on. */
  #logTime({ member, term, machine, mono, wall }: Asked<BrokerMachine>): Millis {
    let known = this.#clocks.get(member)
    if (known?.term !== term) {
      known = { term, clock: new LogClock() }
      known.clock.start(machine.now, mono, millis(wall))
      this.#clocks.set(member, known)
    }
    return known.clock.now(mono, millis(wall))
  }
}
