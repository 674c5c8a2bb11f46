/** The official Node client as the integration tests use it. */
import { Producer, SimpleConsumer } from 'rocketmq-client-nodejs'
import { sleep } from './group.ts'

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
  #running = true
  #loop: Promise<void> = Promise.resolve()

  private constructor(consumer: SimpleConsumer, invisibleMs: number) {
    this.#consumer = consumer
    this.#invisibleMs = invisibleMs
  }

  static async start(
    endpoint: string,
    topic: string,
    group: string,
    invisibleMs = 15_000,
    loops = 4,
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
    const draining = new DrainingConsumer(consumer, invisibleMs)
    draining.#loop = Promise.all(Array.from({ length: loops }, () => draining.#run())).then(() => undefined)
    return draining
  }

  /** Different bodies that came. */
  bodies(): Set<string> {
    return new Set(this.delivered.map((message) => message.body))
  }

  async #run(): Promise<void> {
    while (this.#running) {
      try {
        const messages = await this.#consumer.receive(32, this.#invisibleMs)
        const at = Date.now()
        for (const message of messages) {
          const { messageId, deliveryAttempt } = message
          const attempt = deliveryAttempt ?? 0
          this.delivered.push({ body: message.body.toString(), attempt, messageId, at })
        }
        await Promise.all(messages.map((message) => this.#ack(message)))
      } catch {
        await sleep(100)
      }
    }
  }

  async #ack(message: Parameters<SimpleConsumer['ack']>[0]): Promise<void> {
    const end = Date.now() + this.#invisibleMs
    while (Date.now() < end) {
      try {
        await this.#consumer.ack(message)
        return
      } catch {
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

/** The deliveries of one body beyond the first whose predecessor was still invisible. */
export function earlyRepeats(delivered: readonly Delivered[], invisibleMs: number): string[] {
  const last = new Map<string, number>()
  const repeats: string[] = []
  for (const { body, at } of delivered) {
    const before = last.get(body)
    if (before !== undefined && at - before < invisibleMs) repeats.push(body)
    last.set(body, at)
  }
  return repeats
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
