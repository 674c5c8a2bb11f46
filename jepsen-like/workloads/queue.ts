/** Send with retry, receive and acknowledge, with the light client: several senders and receivers of one topic. */
import { adminOf } from '../../bench/admin.ts'
import { sleep } from '../../bench/children.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { type Delivery, MessagingClient } from '../../src/client/messaging.ts'
import type { History } from '../history.ts'
import type { Judgement } from '../verdict.ts'
import { judgeQueue } from './queue-judge.ts'
import type { RunningWorkload, Workload, WorkloadSetting } from './workload.ts'

const TOPIC = 'jepsen-queue'
const GROUP = 'jepsen-readers'
const SENDERS = 12
const RECEIVERS = 4
const ATTEMPT_MS = 2_000
const SEND_MS_MAX = 60_000
/** After the run, a send that does not succeed is given up sooner. */
const LAST_SENDS_MS = 15_000
const PAUSE_MS = 50
const BATCH = 32
const WAIT_MS = 1_000
/** The shortest that the broker allows. */
const INVISIBLE_MS = 10_000
const DRAIN_MS_MAX = 45_000
const ACKNOWLEDGED_MIN = 100
const RECEIVER_PROCESS = 1_000_000
const ACK_PROCESS = 2_000_000

export const QUEUE: Workload = {
  name: 'queue',
  about: 'the light client sends with retry, receives and acknowledges',
  async start(setting: WorkloadSetting): Promise<RunningWorkload> {
    await adminOf(setting.addresses[0] ?? '').createTopic(TOPIC)
    return new QueueRun(setting)
  },
}

class QueueRun implements RunningWorkload {
  readonly #setting: WorkloadSetting
  readonly #history: History
  /** Acknowledged sends that nobody received yet. */
  readonly #missing = new Set<string>()
  readonly #received = new Set<string>()
  readonly #clients: MessagingClient[] = []
  readonly #senders: Promise<void>[]
  readonly #receivers: Promise<void>[]
  #sending = true
  #giveUpAt = Number.POSITIVE_INFINITY
  #receiving = true
  #drained = false
  #nextProcess = SENDERS

  constructor(setting: WorkloadSetting) {
    this.#setting = setting
    this.#history = setting.history
    this.#senders = Array.from({ length: SENDERS }, (_, n) => this.#send(n))
    this.#receivers = Array.from({ length: RECEIVERS }, (_, n) => this.#receive(n))
  }

  async stopSending(): Promise<void> {
    this.#sending = false
    this.#giveUpAt = performance.now() + LAST_SENDS_MS
    await Promise.all(this.#senders)
  }

  async drain(): Promise<void> {
    // What was handed to a receiver that never saw the answer comes again after the invisible time.
    const end = performance.now() + DRAIN_MS_MAX
    while (performance.now() < end && this.#missing.size > 0) await sleep(PAUSE_MS)
    this.#drained = true
  }

  async judge(): Promise<Judgement> {
    this.#receiving = false
    await Promise.all(this.#receivers)
    for (const client of this.#clients) await client.close()
    const rules = { invisibleMs: INVISIBLE_MS, acknowledgedMin: ACKNOWLEDGED_MIN, drained: this.#drained }
    return judgeQueue(this.#history.events, rules)
  }

  /** A client that starts at another member than its neighbour. */
  #client(n: number): MessagingClient {
    const { addresses } = this.#setting
    const at = n % addresses.length
    const client = new MessagingClient(
      [...addresses.slice(at), ...addresses.slice(0, at)],
      undefined,
      ATTEMPT_MS,
    )
    this.#clients.push(client)
    return client
  }

  async #send(n: number): Promise<void> {
    const client = this.#client(n)
    const pauseMs = (SENDERS * 1_000) / this.#setting.rate
    let process = n
    let count = 0
    while (this.#sending) {
      const due = performance.now() + pauseMs
      const key = `s${n}-${count++}`
      const ref = this.#history.invoke(process, { f: 'send', key })
      const end = await this.#sendOnce(client, key)
      if (end === undefined) {
        if (!this.#received.has(key)) this.#missing.add(key)
        this.#history.ok(process, ref)
      } else {
        this.#history[end.outcome === 'none' ? 'fail' : 'info'](process, ref, end.message)
        process = this.#nextProcess++
      }
      await sleep(Math.max(0, due - performance.now()))
    }
  }

  /** Tries again under the same id while nobody knows what became of it. Returns the error it ended with. */
  async #sendOnce(client: MessagingClient, key: string): Promise<BrokerError | undefined> {
    const messageId = client.newMessageId()
    const end = performance.now() + SEND_MS_MAX
    let unknown = false
    for (;;) {
      try {
        await client.send(TOPIC, [{ body: Buffer.from(key), messageId }])
        return undefined
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error
        unknown ||= error.outcome === 'unknown'
        const passing = error.outcome === 'unknown' || error.code === 'BUSY' || error.code === 'NO_LEADER'
        if (!passing || performance.now() > Math.min(end, this.#giveUpAt)) {
          return new BrokerError(error.code, error.message, { outcome: unknown ? 'unknown' : 'none' })
        }
        await sleep(PAUSE_MS)
      }
    }
  }

  async #receive(n: number): Promise<void> {
    const client = this.#client(n)
    const process = RECEIVER_PROCESS + n
    const options = {
      topic: TOPIC,
      group: GROUP,
      messagesMax: BATCH,
      waitMs: WAIT_MS,
      invisibleMs: INVISIBLE_MS,
    }
    while (this.#receiving) {
      const ref = this.#history.invoke(process, { f: 'receive' })
      try {
        const deliveries = await client.receive(options)
        const seen = deliveries.map(({ body, attempt }) => ({ key: Buffer.from(body).toString(), attempt }))
        this.#history.ok(process, ref, seen)
        for (const { key } of seen) {
          this.#received.add(key)
          this.#missing.delete(key)
        }
        await this.#acknowledge(client, n, deliveries)
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error
        this.#history.info(process, ref, error.message)
        await sleep(PAUSE_MS)
      }
    }
  }

  async #acknowledge(client: MessagingClient, n: number, deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return
    const process = ACK_PROCESS + n
    const refs = deliveries.map(({ body, attempt }) =>
      this.#history.invoke(process, { f: 'ack', key: Buffer.from(body).toString(), attempt }),
    )
    try {
      await client.acknowledge(TOPIC, GROUP, deliveries)
      for (const ref of refs) this.#history.ok(process, ref)
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      for (const ref of refs) this.#history.info(process, ref, error.message)
    }
  }
}
