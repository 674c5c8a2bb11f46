/** The same as `queue` with the official Node client, one producer for each member and one consumer. */
import type { Producer } from 'rocketmq-client-nodejs'
import { adminOf } from '../../bench/admin.ts'
import { sleep } from '../../bench/children.ts'
import type { Judgement } from '../verdict.ts'
import { DrainingConsumer, startProducer } from './official-client.ts'
import { judgeQueue } from './queue-judge.ts'
import type { RunningWorkload, Workload, WorkloadSetting } from './workload.ts'

const TOPIC = 'jepsen-official'
const GROUP = 'jepsen-official-readers'
const LOOPS_EACH = 4
const INVISIBLE_MS = 15_000
const DRAIN_MS_MAX = 60_000
const ACKNOWLEDGED_MIN = 100
const PAUSE_MS = 50
const PAUSE_AFTER_ERROR_MS = 500
/** Processes of this workload come after all of the others. */
const PROCESS = 10_000_000

export const OFFICIAL: Workload = {
  name: 'official',
  about: 'the official Node client sends, receives and acknowledges',
  async start(setting: WorkloadSetting): Promise<RunningWorkload> {
    const { addresses, history } = setting
    await adminOf(addresses[0] ?? '').createTopic(TOPIC)
    const producers = await Promise.all(addresses.map((address) => startProducer(address, TOPIC)))
    const consumer = await DrainingConsumer.start(addresses[0] ?? '', TOPIC, GROUP, INVISIBLE_MS, history)
    return new OfficialRun(setting, producers, consumer)
  },
}

class OfficialRun implements RunningWorkload {
  readonly #setting: WorkloadSetting
  readonly #producers: readonly Producer[]
  readonly #consumer: DrainingConsumer
  readonly #acknowledged = new Set<string>()
  readonly #loops: Promise<void>[]
  #sending = true
  #drained = false
  #nextProcess = PROCESS

  constructor(setting: WorkloadSetting, producers: readonly Producer[], consumer: DrainingConsumer) {
    this.#setting = setting
    this.#producers = producers
    this.#consumer = consumer
    const places = producers.flatMap((producer) => Array.from({ length: LOOPS_EACH }, () => producer))
    const pauseMs = (places.length * 1_000) / setting.rate
    this.#loops = places.map((producer, n) => this.#send(producer, n, pauseMs))
  }

  async stopSending(): Promise<void> {
    this.#sending = false
    await Promise.all(this.#loops)
  }

  async drain(): Promise<void> {
    const end = performance.now() + DRAIN_MS_MAX
    const missing = (): boolean => {
      const bodies = this.#consumer.bodies()
      return [...this.#acknowledged].some((key) => !bodies.has(key))
    }
    while (missing() && performance.now() < end) await sleep(PAUSE_MS)
    this.#drained = true
  }

  async judge(): Promise<Judgement> {
    await this.#consumer.stop()
    for (const producer of this.#producers) await producer.shutdown().catch(() => undefined)
    const rules = { invisibleMs: INVISIBLE_MS, acknowledgedMin: ACKNOWLEDGED_MIN, drained: this.#drained }
    // The library gives up soon and stays with its node, so many outcomes stay unknown: that is no doubt here.
    return { ...judgeQueue(this.#setting.history.events, rules, 1), judge: 'official client' }
  }

  async #send(producer: Producer, n: number, pauseMs: number): Promise<void> {
    const { history } = this.#setting
    let process = this.#nextProcess++
    let count = 0
    while (this.#sending) {
      const due = performance.now() + pauseMs
      const key = `o${n}-${count++}`
      const ref = history.invoke(process, { f: 'send', key })
      try {
        await producer.send({ topic: TOPIC, body: Buffer.from(key) })
        history.ok(process, ref)
        this.#acknowledged.add(key)
      } catch (error) {
        // Also when there was no connection: the library may have sent it before, over another one.
        history.info(process, ref, String(error))
        process = this.#nextProcess++
        await sleep(PAUSE_AFTER_ERROR_MS)
      }
      await sleep(Math.max(0, due - performance.now()))
    }
  }
}
