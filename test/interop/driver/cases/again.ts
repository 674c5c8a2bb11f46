/** Messages that come again: not acknowledged, refused by the listener, given up. */
import type { Received } from '../agent.ts'
import { type Case, must, pause, type Setting, until } from '../case.ts'

const INVISIBLE_MS = 10_000
const CHANGED_MS = 4_000
/** A shared machine may be late by this much; the broker's own tests measure the real bound. */
const LATE_MS_MAX = 2_000
const RECEIVE_MS_MAX = 20_000
const DEAD_MS_MAX = 60_000

export const REDELIVERY: Case = {
  name: 'redelivery',
  about:
    'what a simple consumer does not acknowledge comes again when its invisible time ends, then never again',
  needs: [],
  async run(setting) {
    const { consumer, body } = await oneSent(setting)
    const [first] = await setting.lease(consumer, RECEIVE_MS_MAX, INVISIBLE_MS)
    const [second] = await setting.lease(consumer, RECEIVE_MS_MAX, INVISIBLE_MS)
    mustComeAgain(setting, body, first, second, INVISIBLE_MS)
    if (second !== undefined) await setting.agent.ack(second)
    const more = await setting.lease(consumer, INVISIBLE_MS + LATE_MS_MAX, INVISIBLE_MS)
    must(more.length === 0, 'it came again after it was acknowledged')
  },
}

export const CHANGE: Case = {
  name: 'change-invisible',
  about: 'a changed invisible time counts: the message comes again at the new time',
  needs: ['change'],
  async run(setting) {
    const { consumer, body } = await oneSent(setting)
    const [first] = await setting.lease(consumer, RECEIVE_MS_MAX, 60_000)
    must(first !== undefined, 'the message did not come')
    const at = Date.now()
    await setting.agent.ask('change', { ref: first?.ref, invisibleMs: CHANGED_MS })
    const [second] = await setting.lease(consumer, RECEIVE_MS_MAX, INVISIBLE_MS)
    mustComeAgain(setting, body, first === undefined ? undefined : { ...first, at }, second, CHANGED_MS)
    if (second !== undefined) await setting.agent.ack(second)
  },
}

export const RETRY: Case = {
  name: 'retry',
  about: 'what a listener refuses comes again, with rising attempts and a pause, until it takes it',
  needs: ['push'],
  async run(setting) {
    const [topic, group] = [await setting.topic(), await setting.group()]
    const producer = await setting.producer(topic)
    const came = await setting.push(topic, group)
    await setting.agent.send(producer, topic, 'twice refused', { properties: { fail: '2' } })
    await setting.agent.send(producer, topic, 'taken')
    const refused = (): readonly Received[] => came.filter((message) => message.body === 'twice refused')
    await until(60_000, () => refused().length >= 3)
    await pause(2_000)
    const attempts = refused().map((message) => message.attempt)
    must(attempts.join() === '1,2,3', `the attempts are ${attempts.join(', ')}`)
    must(came.length === 4, `${came.length} deliveries instead of 4`)
    const gaps = refused().flatMap((message, n, all) => (n === 0 ? [] : [message.at - (all[n - 1]?.at ?? 0)]))
    must(
      gaps.every((gap) => gap >= 900),
      `tried again after ${gaps.join(' and ')} ms`,
    )
    setting.note(`after ${gaps.join(' and ')} ms`)
  },
}

export const DLQ: Case = {
  name: 'dlq',
  about: 'after the last attempt a message is in the dead letter topic of its group, once, and nowhere else',
  needs: [],
  async run(setting) {
    const [topic, group] = [await setting.topic(), await setting.group({ attemptsMax: 2 })]
    const producer = await setting.producer(topic)
    const tries = setting.has('push') ? pushedTries : leasedTries
    await setting.agent.send(producer, topic, 'hopeless', { tag: 'T', properties: { fail: '99' } })
    const attempts = await tries(setting, topic, group)
    must(attempts.join() === '1,2', `the attempts are ${attempts.join(', ')}`)
    const dead = `%DLQ%${group}`
    await setting.untilTopic(dead, DEAD_MS_MAX)
    const consumer = await setting.simple(dead, await setting.group())
    const came = await setting.take(consumer, 1, 40_000)
    must(came[0]?.body === 'hopeless', `the dead letter topic gave ${came.length} messages`)
    must(came[0]?.tag === 'T', `its tag is ${came[0]?.tag}`)
  },
}

async function pushedTries(setting: Setting, topic: string, group: string): Promise<number[]> {
  const came = await setting.push(topic, group)
  await until(60_000, () => came.length >= 2)
  await pause(3_000)
  return came.map((message) => message.attempt)
}

async function leasedTries(setting: Setting, topic: string, group: string): Promise<number[]> {
  const consumer = await setting.simple(topic, group)
  const first = await setting.lease(consumer, RECEIVE_MS_MAX, INVISIBLE_MS)
  const second = await setting.lease(consumer, RECEIVE_MS_MAX, INVISIBLE_MS)
  const third = await setting.lease(consumer, INVISIBLE_MS + LATE_MS_MAX, INVISIBLE_MS)
  return [...first, ...second, ...third].map((message) => message.attempt)
}

async function oneSent(setting: Setting): Promise<{ consumer: string; body: string }> {
  const [topic, group] = [await setting.topic(), await setting.group()]
  const producer = await setting.producer(topic)
  const consumer = await setting.simple(topic, group)
  const body = 'again'
  await setting.agent.send(producer, topic, body)
  return { consumer, body }
}

function mustComeAgain(
  setting: Setting,
  body: string,
  first: Received | undefined,
  second: Received | undefined,
  afterMs: number,
): void {
  must(first?.body === body && first.attempt === 1, 'the message did not come')
  must(second?.body === body, 'it did not come again')
  must(second?.attempt === 2, `the second attempt is ${second?.attempt}`)
  const gap = (second?.at ?? 0) - (first?.at ?? 0)
  // The invisible time began before the answer reached the library.
  must(gap > afterMs - 1_000, `it came again after ${gap} ms, invisible for ${afterMs} ms`)
  must(gap < afterMs + LATE_MS_MAX, `it came again after ${gap} ms, invisible for ${afterMs} ms`)
  setting.note(`after ${gap} ms`)
}
