/** Sending, receiving, pushing, filtering. */
import type { Received } from '../agent.ts'
import { type Case, must, mustBeOnce, pause, until } from '../case.ts'

const RECEIVE_MS_MAX = 30_000
/** How long to look for messages that must not come. */
const QUIET_MS = 1_500
const COLOUR = 'grün'

export const NORMAL: Case = {
  name: 'normal',
  about: 'every field of a message arrives as it was sent, small and large, each once',
  needs: [],
  async run(setting) {
    const [topic, group] = [await setting.topic(), await setting.group()]
    const producer = await setting.producer(topic)
    const consumer = await setting.simple(topic, group)
    const bodies = ['a', 'b'.repeat(1_024), 'ü'.repeat(100_000), ...numbered('m', 20)]
    const ids = new Map<string, string>()
    for (const body of bodies) {
      const properties = { colour: COLOUR, size: String(body.length) }
      const { id } = await setting.agent.send(producer, topic, body, {
        tag: 'T',
        keys: ['key-1'],
        properties,
      })
      ids.set(body, id)
    }
    const came = await setting.take(consumer, bodies.length, RECEIVE_MS_MAX)
    mustBeOnce(came, bodies, 'received')
    for (const message of came) {
      must(message.id === ids.get(message.body), `the id ${message.id} is not the one that the send gave`)
      must(message.tag === 'T' && message.keys.includes('key-1'), 'tag and keys differ')
      must(message.properties['colour'] === COLOUR, `a property came as ${message.properties['colour']}`)
      must(message.attempt === 1, `the attempt is ${message.attempt}`)
    }
    const more = await setting.agent.receive(consumer, 16, 20_000)
    must(more.length === 0, `${more.length} acknowledged messages came again`)
  },
}

export const SIMPLE: Case = {
  name: 'simple',
  about: 'two simple consumers of a group share the messages, none comes to both',
  needs: [],
  async run(setting) {
    const [topic, group] = [await setting.topic(), await setting.group()]
    const producer = await setting.producer(topic)
    const consumers = [await setting.simple(topic, group), await setting.simple(topic, group)]
    const bodies = numbered('m', 100)
    await Promise.all(bodies.map((body) => setting.agent.send(producer, topic, body)))
    const came: Received[][] = consumers.map(() => [])
    const end = Date.now() + RECEIVE_MS_MAX
    const missing = (): boolean => came.flat().length < bodies.length && Date.now() < end
    const reading = consumers.map(async (one, n) => {
      while (missing()) came[n]?.push(...(await setting.take(one, 1, 1_000)))
    })
    await Promise.all(reading)
    mustBeOnce(came.flat(), bodies, 'received')
    setting.note(came.map((list) => list.length).join(' + '))
  },
}

export const PUSH: Case = {
  name: 'push',
  about: 'a push consumer gets each of 200 messages once, those sent before its start too',
  needs: ['push'],
  async run(setting) {
    const [topic, group] = [await setting.topic(), await setting.group()]
    const producer = await setting.producer(topic)
    const [before, after] = [numbered('before', 50), numbered('after', 150)]
    for (const body of before) await setting.agent.send(producer, topic, body)
    const came = await setting.push(topic, group)
    for (const body of after) await setting.agent.send(producer, topic, body)
    await until(RECEIVE_MS_MAX, () => came.length >= 200)
    await pause(QUIET_MS)
    mustBeOnce(came, [...before, ...after], 'pushed')
    must(
      came.every((message) => message.attempt === 1),
      'an attempt is not 1',
    )
  },
}

export const TAG: Case = {
  name: 'tag',
  about: 'a consumer of `A || B` gets A and B only, another group of the topic gets all',
  needs: [],
  async run(setting) {
    const topic = await setting.topic()
    const producer = await setting.producer(topic)
    const [some, all] = [await setting.group(), await setting.group()]
    const filtered = await setting.consume(topic, some, 'A || B')
    const whole = await setting.consume(topic, all)
    const bodies = numbered('m', 30)
    const tags = ['A', 'B', 'C']
    for (const [n, body] of bodies.entries()) {
      await setting.agent.send(producer, topic, body, { tag: tags[n % tags.length] ?? '' })
    }
    await until(RECEIVE_MS_MAX, () => filtered.length >= 20 && whole.length >= 30)
    await pause(QUIET_MS)
    mustBeOnce(
      filtered,
      bodies.filter((_, n) => tags[n % tags.length] !== 'C'),
      'A || B',
    )
    mustBeOnce(whole, bodies, '*')
  },
}

export const SQL: Case = {
  name: 'sql',
  about: 'SQL filters on properties: comparison, IN, IS NULL, AND, OR, NOT',
  needs: [],
  async run(setting) {
    const topic = await setting.topic()
    const producer = await setting.producer(topic)
    const wanted: readonly (readonly [string, (n: number) => boolean])[] = [
      ["n >= 10 AND n < 20 AND colour = 'red'", (n) => n >= 10 && n < 20 && n % 3 === 0],
      ["colour IN ('red', 'blue') AND NOT (n = 6)", (n) => n % 3 !== 2 && n !== 6],
      ['rare IS NOT NULL OR n BETWEEN 1 AND 2', (n) => n % 10 === 0 || n === 1 || n === 2],
    ]
    const lists = await Promise.all(
      wanted.map(async ([expression]) => setting.consume(topic, await setting.group(), expression, true)),
    )
    const bodies = numbered('m', 30)
    const colours = ['red', 'blue', 'green']
    for (const [n, body] of bodies.entries()) {
      const rare = n % 10 === 0 ? { rare: 'yes' } : {}
      const properties = { n: String(n), colour: colours[n % 3] ?? '', ...rare }
      await setting.agent.send(producer, topic, body, { properties })
    }
    const sets = wanted.map(([, holds]) => bodies.filter((_, n) => holds(n)))
    await until(RECEIVE_MS_MAX, () => lists.every((list, at) => list.length >= (sets[at]?.length ?? 0)))
    await pause(QUIET_MS)
    for (const [at, list] of lists.entries()) mustBeOnce(list, sets[at] ?? [], wanted[at]?.[0] ?? '')
  },
}

/** `m-0`, `m-1`, ... */
export function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}-${n}`)
}
