/** Steady traffic of one language while a member is killed, and what must hold of it. */
import type { Agent, Received } from './agent.ts'
import { must, pause, type Setting, until } from './case.ts'

const INVISIBLE_MS = 15_000
/** What comes again within a shorter time than this was not due: no invisible time of ours is shorter. */
const PUSH_AGAIN_MS_MIN = 9_000
const LOOPS = 2
const DRAIN_MS_MAX = 90_000
/** How long after the death of its node a library that does not try again may fail sends. */
const CONNECTED_AGAIN_MS_MAX = 500
const READY_MS_MAX = 20_000
/** A consumer that gets nothing for longer than this while messages are sent has not gone on by itself. */
const GOES_ON_MS_MAX = 10_000

/** What one consumer has got of a message, in order. */
interface Delivery {
  readonly at: number
  readonly attempt: number
  ackedAt?: number
}

/** All deliveries to one consumer group. */
export class Consumed {
  readonly name: string
  readonly deliveries = new Map<string, Delivery[]>()
  gapMs = 0
  #last = 0

  constructor(name: string) {
    this.name = name
  }

  add({ body, at, attempt }: Received): Delivery {
    const delivery = { at, attempt }
    this.deliveries.set(body, [...(this.deliveries.get(body) ?? []), delivery])
    if (this.#last > 0) this.gapMs = Math.max(this.gapMs, at - this.#last)
    this.#last = at
    return delivery
  }

  /** Bodies that came again although their invisible time had not run out, or after they were acknowledged. */
  doubled(againMsMin: number): string[] {
    return [...this.deliveries].flatMap(([body, list]) => {
      const faults = list.slice(1).flatMap((delivery, n) => {
        const before = list[n]
        const gap = delivery.at - (before?.at ?? 0)
        if (before?.ackedAt !== undefined) return [`${body} after it was acknowledged`]
        return gap < againMsMin ? [`${body} after ${gap} ms as attempt ${delivery.attempt}`] : []
      })
      return faults
    })
  }

  /** Gaps count from now on. */
  restart(): void {
    this.gapMs = 0
    this.#last = 0
  }

  get again(): number {
    return [...this.deliveries.values()].reduce((sum, list) => sum + list.length - 1, 0)
  }
}

/** One send that failed: when it began and ended. */
interface Failed {
  readonly startedAt: number
  readonly endedAt: number
  readonly text: string
}

export class Steady {
  readonly #setting: Setting
  readonly #topic: string
  readonly #producer: string
  readonly #consumed: readonly Consumed[]
  readonly #acknowledged: string[] = []
  readonly #failed: Failed[] = []
  readonly #inFlight = new Set<Promise<void>>()
  #running = true
  /** Longest time without a delivery while messages were sent, of each consumer. */
  #gapsMs: readonly number[] = []
  #slowestMs = 0
  #ackFaults = 0
  #loops: Promise<void>[] = []

  private constructor(setting: Setting, topic: string, producer: string, consumed: readonly Consumed[]) {
    this.#setting = setting
    this.#topic = topic
    this.#producer = producer
    this.#consumed = consumed
  }

  /** Starts a producer, a simple consumer and, where the library has one, a push consumer, and sees them work. */
  static async start(setting: Setting): Promise<Steady> {
    const topic = await setting.topic()
    const producer = await setting.producer(topic)
    const simple = new Consumed('simple')
    const consumed = [simple]
    const consumer = await setting.simple(topic, await setting.group())
    if (setting.has('push')) {
      const pushed = new Consumed('push')
      consumed.push(pushed)
      await listen(setting, topic, pushed)
    }
    const steady = new Steady(setting, topic, producer, consumed)
    steady.#loops = Array.from({ length: LOOPS }, () => steady.#receive(consumer, simple))
    await steady.#send('first')
    const working = await until(READY_MS_MAX, () => consumed.every((one) => one.deliveries.size > 0))
    must(working, 'the consumers did not get the first message')
    return steady
  }

  get agent(): Agent {
    return this.#setting.agent
  }

  /** Sends for `seconds` at `rate` a second, each call on its own. */
  async traffic(seconds: number, rate: number): Promise<void> {
    for (const one of this.#consumed) one.restart()
    const start = performance.now()
    const count = seconds * rate
    for (let n = 0; n < count; n++) {
      await pause(Math.max(0, start + (n * 1_000) / rate - performance.now()))
      const sending = this.#send(`m-${n}`)
      this.#inFlight.add(sending)
      void sending.finally(() => this.#inFlight.delete(sending))
    }
    await Promise.all(this.#inFlight)
    this.#gapsMs = this.#consumed.map((one) => one.gapMs)
  }

  /** Waits until everything acknowledged has come, and judges. `killedAt` is 0 when its node never died. */
  async judge(killedAt: number): Promise<void> {
    const missing = (one: Consumed): string[] =>
      this.#acknowledged.filter((body) => !one.deliveries.has(body))
    await until(DRAIN_MS_MAX, () => this.#consumed.every((one) => missing(one).length === 0))
    await pause(1_000)
    this.#running = false
    await Promise.all(this.#loops)
    const gaps = this.#consumed.map((one, n) => `${one.name} ${this.#gapsMs[n]}`).join(', ')
    const again = this.#consumed.reduce((sum, one) => sum + one.again, 0)
    this.#setting.note(
      `${this.#acknowledged.length} sent, ${this.#failed.length} failed, ${again} again, ` +
        `slowest send ${Math.round(this.#slowestMs)} ms, longest gap ms ${gaps}, ${this.#ackFaults} acks failed`,
    )
    for (const one of this.#consumed) {
      const lost = missing(one)
      must(
        lost.length === 0,
        `${one.name}: ${lost.length} acknowledged messages never came (${lost.slice(0, 3).join(', ')})`,
      )
      const doubled = one.doubled(one.name === 'push' ? PUSH_AGAIN_MS_MIN : INVISIBLE_MS - 500)
      must(
        doubled.length === 0,
        `${one.name}: ${doubled.length} came twice too soon (${doubled.slice(0, 3).join(', ')})`,
      )
    }
    must(Math.max(...this.#gapsMs) <= GOES_ON_MS_MAX, 'a consumer did not go on by itself')
    this.#judgeFailed(killedAt)
  }

  /**
   * No send may fail. Of a library that tries once, those may that were in flight when its node died, and those
   * that began before it was connected again.
   */
  #judgeFailed(killedAt: number): void {
    const failed = this.#failed.map((one) => ({ ...one, afterMs: one.startedAt - killedAt }))
    if (failed.length > 0 && killedAt > 0) {
      const starts = failed.map((one) => one.afterMs)
      this.#setting.note(`they began ${Math.min(...starts)} to ${Math.max(...starts)} ms after the kill`)
    }
    const excused = killedAt > 0 && !this.#setting.has('send-retry')
    const faults = failed.filter(({ afterMs, endedAt }) => {
      const brokeOff = endedAt >= killedAt && afterMs <= CONNECTED_AGAIN_MS_MAX
      return !(excused && brokeOff)
    })
    const text = faults[0]?.text.slice(0, 160) ?? ''
    must(
      faults.length === 0,
      `${faults.length} of ${this.#acknowledged.length + failed.length} sends failed: ${text}`,
    )
  }

  async #send(body: string): Promise<void> {
    const startedAt = Date.now()
    try {
      await this.#setting.agent.send(this.#producer, this.#topic, body)
      this.#acknowledged.push(body)
    } catch (error) {
      this.#failed.push({ startedAt, endedAt: Date.now(), text: (error as Error).message })
    }
    this.#slowestMs = Math.max(this.#slowestMs, Date.now() - startedAt)
  }

  async #receive(consumer: string, consumed: Consumed): Promise<void> {
    while (this.#running) {
      try {
        const messages = await this.#setting.agent.receive(consumer, 16, INVISIBLE_MS)
        await Promise.all(messages.map((message) => this.#acknowledge(message, consumed.add(message))))
      } catch {
        await pause(100)
      }
    }
  }

  /** Acknowledges, again after an error as a user would, while the message is still ours. */
  async #acknowledge(message: Received, delivery: Delivery): Promise<void> {
    const end = Date.now() + INVISIBLE_MS - 2_000
    while (Date.now() < end) {
      try {
        await this.#setting.agent.ack(message)
        delivery.ackedAt = Date.now()
        return
      } catch {
        this.#ackFaults++
        await pause(100)
      }
    }
  }
}

async function listen(setting: Setting, topic: string, pushed: Consumed): Promise<void> {
  const name = setting.name('c')
  setting.agent.on(name, (message) => pushed.add(message))
  await setting.agent.ask('push', { name, group: await setting.group(), topic, expression: '*', sql: false })
}
