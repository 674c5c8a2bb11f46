/** What a case is, what it gets, and what it says. */
import type { Admin } from '../../integration/admin.ts'
import type { Agent, Came, Received } from './agent.ts'
import type { Feature } from './features.ts'
import { lackOf } from './features.ts'
import type { Language } from './languages.ts'

/** The numbers of `apache.rocketmq.v2.MessageType`. */
export const TOPIC_TYPES = { normal: 1, fifo: 2, delay: 3, transaction: 4, priority: 6 } as const

export type TopicKind = keyof typeof TOPIC_TYPES

export interface Case {
  readonly name: string
  /** One line for the table of cases in the documents. */
  readonly about: string
  readonly needs: readonly Feature[]
  readonly run: (setting: Setting) => Promise<void>
}

/** What a case works with. All names it makes are its own. */
export class Setting {
  readonly agent: Agent
  readonly language: Language
  readonly notes: string[] = []
  readonly #admin: Admin
  readonly #prefix: string
  readonly #open: string[] = []
  #next = 1

  constructor(agent: Agent, language: Language, admin: Admin, prefix: string) {
    this.agent = agent
    this.language = language
    this.#admin = admin
    this.#prefix = prefix
  }

  has(feature: Feature): boolean {
    return lackOf(this.language.name, this.language.library, [feature]) === ''
  }

  async topic(kind: TopicKind = 'normal'): Promise<string> {
    const name = this.name('t')
    await this.#admin.call('CreateTopic', { name, messageType: TOPIC_TYPES[kind], queueCount: 4 })
    return name
  }

  /** A group of consumers that begins with the first message. */
  async group(more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const name = this.name('g')
    await this.#admin.call('CreateGroup', { name, start: 'earliest', ...more })
    return name
  }

  /** Waits until a topic that the broker makes by itself is there. */
  async untilTopic(name: string, msMax: number): Promise<void> {
    const end = Date.now() + msMax
    for (;;) {
      const there = await this.#admin.describeTopic(name).then(
        () => true,
        () => false,
      )
      if (there) return
      must(Date.now() < end, `the broker did not make the topic ${name}`)
      await pause(200)
    }
  }

  /** A name that nothing else has. */
  name(kind: string): string {
    return `${this.#prefix}-${kind}${this.#next++}`
  }

  async producer(topic: string, check?: 'commit' | 'rollback' | 'unknown'): Promise<string> {
    const name = this.name('p')
    await this.agent.ask('producer', { name, topics: [topic], ...(check === undefined ? {} : { check }) })
    this.#open.push(name)
    return name
  }

  async simple(topic: string, group: string, expression = '*', sql = false): Promise<string> {
    const name = this.name('s')
    await this.agent.ask('simple', { name, group, topic, expression, sql, awaitMs: 5_000 })
    this.#open.push(name)
    return name
  }

  /** Starts a push consumer and returns the list that its messages go to. */
  async push(topic: string, group: string, expression = '*', sql = false): Promise<readonly Came[]> {
    const name = this.name('c')
    const came: Came[] = []
    this.agent.on(name, (message) => came.push(message))
    await this.agent.ask('push', { name, group, topic, expression, sql })
    this.#open.push(name)
    return came
  }

  /**
   * Consumes with a push consumer where the library has one, else with a simple consumer that acknowledges
   * everything until the case ends. Returns the list that grows.
   */
  async consume(topic: string, group: string, expression = '*', sql = false): Promise<readonly Received[]> {
    if (this.has('push')) return this.push(topic, group, expression, sql)
    const consumer = await this.simple(topic, group, expression, sql)
    const came: Received[] = []
    void this.#drain(consumer, came)
    return came
  }

  /** Receives with a simple consumer until there are `count`, acknowledging each. */
  async take(consumer: string, count: number, msMax: number, invisibleMs = 20_000): Promise<Received[]> {
    const came: Received[] = []
    const end = Date.now() + msMax
    while (came.length < count && Date.now() < end) {
      const messages = await this.agent.receive(consumer, 16, invisibleMs)
      for (const message of messages) await this.agent.ack(message)
      came.push(...messages)
    }
    return came
  }

  /** Receives one batch that has a message; the messages stay un-acknowledged. */
  async lease(consumer: string, msMax: number, invisibleMs: number): Promise<readonly Received[]> {
    const end = Date.now() + msMax
    while (Date.now() < end) {
      const messages = await this.agent.receive(consumer, 16, invisibleMs)
      if (messages.length > 0) return messages
    }
    return []
  }

  note(text: string): void {
    this.notes.push(text)
  }

  /** Stops what the case has started; that a library stops badly is not what a case is about. */
  async close(): Promise<void> {
    await Promise.all(
      this.#open.splice(0).map((name) => this.agent.ask('stop', { name }, 15_000).catch(() => undefined)),
    )
  }

  async #drain(consumer: string, came: Received[]): Promise<void> {
    while (this.#open.includes(consumer)) {
      try {
        const messages = await this.agent.receive(consumer, 16, 20_000)
        for (const message of messages) {
          came.push(message)
          await this.agent.ack(message)
        }
      } catch {
        await pause(100)
      }
    }
  }
}

export function must(holds: boolean, fault: string): void {
  if (!holds) throw new Error(fault)
}

/** That the messages are exactly those bodies, each once. */
export function mustBeOnce(messages: readonly Received[], bodies: readonly string[], what: string): void {
  const counts = new Map<string, number>()
  for (const { body } of messages) counts.set(body, (counts.get(body) ?? 0) + 1)
  const lost = bodies.filter((body) => !counts.has(body))
  const doubled = [...counts].filter(([, count]) => count > 1).map(([body]) => body)
  const strange = [...counts.keys()].filter((body) => !bodies.includes(body))
  const few = (list: readonly string[]): string => `${list.length} (${list.slice(0, 3).join(', ')})`
  must(lost.length === 0, `${what}: lost ${few(lost)} of ${bodies.length}`)
  must(doubled.length === 0, `${what}: came more than once ${few(doubled)}`)
  must(strange.length === 0, `${what}: nobody sent ${few(strange)}`)
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Waits until `holds`, at most `msMax`; whether it did. */
export async function until(msMax: number, holds: () => boolean): Promise<boolean> {
  const end = Date.now() + msMax
  while (!holds()) {
    if (Date.now() > end) return false
    await pause(20)
  }
  return true
}
