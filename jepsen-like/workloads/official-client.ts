/** The official Node client as tests with real processes use it. */
import { Producer, SimpleConsumer } from 'rocketmq-client-nodejs'
import { sleep } from '../../bench/children.ts'
import { History } from '../history.ts'

/** Logical processes of the history: the receiving loops come after this, their acks after the other. */
const CONSUMER_PROCESS = 1_000_000
const ACK_PROCESS = 2_000_000

const SILENT = { info() {}, warn() {}, error() {}, debug() {}, close() {} }

/** A message as a consumer got it. */
export interface Delivered {
  readonly body: string
  readonly attempt: number
  readonly messageId: string
  readonly at: number
}

export async function startProducer(endpoint: string, topic: string): Promise<Producer> {
  const producer = new Producer({ endpoints: endpoint, namespace: '', topics: [topic], logger: SILENT })
  await producer.startup()
  return producer
}

/** Receives and acknowledges until stopped; what goes wrong on the way is tried again, as a user would. */
export class DrainingConsumer {
  readonly delivered: Delivered[] = []
  readonly #consumer: SimpleConsumer
  readonly #invisibleMs: number
  readonly #history: History
  #running = true
  #loop: Promise<void> = Promise.resolve()

  private constructor(consumer: SimpleConsumer, invisibleMs: number, history: History) {
    this.#consumer = consumer
    this.#invisibleMs = invisibleMs
    this.#history = history
  }

  static async start(
    endpoint: string,
    topic: string,
    group: string,
    invisibleMs = 15_000,
    history = new History(() => performance.now()),
  ): Promise<DrainingConsumer> {
    const consumer = new SimpleConsumer({
      endpoints: endpoint,
      namespace: '',
      consumerGroup: group,
      subscriptions: new Map([[topic, '*']]),
      awaitDuration: 5_000,
      logger: SILENT,
    })
    await consumer.startup()
    const draining = new DrainingConsumer(consumer, invisibleMs, history)
    const loops = [1, 2, 3, 4].map((loop) => draining.#run(CONSUMER_PROCESS + loop))
    draining.#loop = Promise.all(loops).then(() => undefined)
    return draining
  }

  /** Different bodies that came. */
  bodies(): Set<string> {
    return new Set(this.delivered.map((message) => message.body))
  }

  async #run(process: number): Promise<void> {
    while (this.#running) {
      const ref = this.#history.invoke(process, { f: 'receive' })
      try {
        const messages = await this.#consumer.receive(32, this.#invisibleMs)
        const at = Date.now()
        const seen = messages.map((message) => ({
          key: message.body.toString(),
          attempt: message.deliveryAttempt ?? 0,
        }))
        this.#history.ok(process, ref, seen)
        for (const [n, { key, attempt }] of seen.entries()) {
          this.delivered.push({ body: key, attempt, messageId: messages[n]?.messageId ?? '', at })
        }
        await Promise.all(messages.map((message) => this.#ack(message)))
      } catch (error) {
        this.#history.info(process, ref, String(error))
        await sleep(100)
      }
    }
  }

  async #ack(message: Parameters<SimpleConsumer['ack']>[0]): Promise<void> {
    const key = message.body.toString()
    const end = Date.now() + this.#invisibleMs
    while (Date.now() < end) {
      const process = ACK_PROCESS + this.#history.events.length
      const ref = this.#history.invoke(process, { f: 'ack', key, attempt: message.deliveryAttempt ?? 0 })
      try {
        await this.#consumer.ack(message)
        this.#history.ok(process, ref)
        return
      } catch (error) {
        this.#history.info(process, ref, String(error))
        await sleep(100)
      }
    }
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#loop
    await this.#consumer.shutdown().catch(() => undefined)
  }
}

/** Waits until `holds`; throws after `msMax`. */
export async function until(
  what: string,
  msMax: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = Date.now() + msMax
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`)
    await sleep(25)
  }
}
