import { beforeEach, describe, expect, test } from 'vitest'
import type { ReceivedMessage } from '../../src/broker/leader-port.ts'
import { messageIdOf, topicOf } from '../../src/broker/stored-field.ts'
import { cutSendRequest } from '../../src/proxy/cut-message.ts'
import { groupWish, requestKey, SimBroker } from '../support/sim-broker.ts'
import { draftMessage, sendBytes, systemOf } from '../proxy/support/facade-world.ts'

let sim: SimBroker

beforeEach(async () => {
  sim = await SimBroker.start()
  await sim.finish(sim.admin.createTopic('orders', 0, 2))
})

/** Sends messages as clients do, with ids m0, m1, ... */
async function send(count: number, first = 0): Promise<void> {
  for (let i = first; i < first + count; i++) {
    const draft = draftMessage({
      body: Buffer.from(`b${i}`),
      systemProperties: systemOf({ messageId: `m${i}` }),
    })
    const { chunks, bytes, count: messages } = cutSendRequest(sendBytes(draft), 'client', 1_000)
    const request = { topic: 'orders', count: messages, messages: chunks, bytes, messageTypes: new Set([1]) }
    await sim.finish(sim.broker.operations.send(request as never))
  }
}

const receive = (group = 'g') => sim.finish(sim.receive({ group, topic: 'orders', clientId: 'worker' }))

function forward(
  message: ReceivedMessage | undefined,
  messageId = '',
  clientId = 'worker',
): Promise<boolean> {
  const receipt = message?.receipt
  const request = { requestKey: requestKey(), clientId, group: 'g', topic: 'orders', receipt, messageId }
  return sim.finish(sim.broker.deadLetters.forward(request))
}

async function redrive(max = 1_000, to = '') {
  const until = await sim.finish(sim.broker.deadLetters.planRedrive('g', max))
  return sim.finish(sim.broker.deadLetters.redrive({ group: 'g', to, until }))
}

const dead = () => sim.admin.describeTopic('%DLQ%g').summary.messageCount
const ids = (messages: readonly ReceivedMessage[]) =>
  messages.map(({ stored }) => messageIdOf(stored) ?? '').toSorted((a, b) => a.localeCompare(b))

test('a stored message says its id and its topic', async () => {
  await send(1)
  const [message] = await receive()
  expect(message && messageIdOf(message.stored)).toBe('m0')
  expect(message && topicOf(message.stored)).toBe('orders')
  expect(messageIdOf(new Uint8Array(10))).toBeUndefined()
  expect(topicOf(new Uint8Array(10))).toBeUndefined()
})

describe('forwarding', () => {
  test('takes a message to the dead letter topic of the group, once', async () => {
    await send(2)
    const [one] = await receive()
    expect(await forward(one)).toBe(true)
    expect(await forward(one)).toBe(true)
    expect(dead()).toBe(1)
    await sim.run(12_000)
    expect(await receive()).toHaveLength(1)
  })

  test('finds the message by its id when there is no handle, also when it is dead already', async () => {
    await send(3)
    await receive()
    expect(await forward(undefined, 'm1')).toBe(true)
    expect(await forward(undefined, 'm1')).toBe(true)
    expect(dead()).toBe(1)
    expect(await forward(undefined, 'm2', 'somebody else')).toBe(false)
    expect(await forward(undefined, 'never sent')).toBe(false)
  })

  test('is refused for a handle whose time is over, and for a forged one', async () => {
    await send(1)
    const [message] = await receive()
    await sim.run(10_500)
    expect(await forward(message)).toBe(false)
    if (message === undefined) throw new Error('it was received')
    const beyond = { ...message, receipt: { ...message.receipt, offset: 99 as never } }
    expect(await forward(beyond)).toBe(false)
  })
})

describe('a redrive', () => {
  beforeEach(async () => {
    await send(5)
    for (const message of await receive()) await forward(message)
    expect(dead()).toBe(5)
  })

  test('gives the messages back to the group under the topic that it reads, and to no other group', async () => {
    const others = await receive('other')
    expect(others).toHaveLength(5)
    expect(await redrive()).toEqual({ moved: 5, reason: '' })
    expect(dead()).toBe(0)
    const again = await receive()
    expect(ids(again)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4'])
    expect(again.map(({ attempt, topic, deadLetter }) => [attempt, topic, deadLetter])[0]).toEqual([
      1,
      'orders',
      false,
    ])
    expect(await receive('other')).toEqual([])
    const receipts = again.map(({ receipt }) => receipt)
    const acked = sim.broker.operations.ack({ requestKey: requestKey(), clientId: 'c', receipts })
    expect(await sim.finish(acked)).toEqual([true, true, true, true, true])
    await sim.run(12_000)
    expect(await receive()).toEqual([])
  })

  test('wakes a receiver that waits', async () => {
    const waiting = sim.receive({
      group: 'g',
      topic: 'orders',
      pollUntilMono: sim.clock.mono() + 20_000,
    })
    await sim.run(50)
    const before = sim.clock.mono()
    await redrive()
    expect(await sim.finish(waiting)).not.toEqual([])
    expect(sim.clock.mono() - before).toBeLessThan(300)
  })

  test('moves as many as were asked for, the oldest first, and goes on from there', async () => {
    expect(await redrive(2)).toEqual({ moved: 2, reason: '' })
    expect(dead()).toBe(3)
    const until = await sim.finish(sim.broker.deadLetters.planRedrive('g', 1))
    const wish = { group: 'g', to: '', until }
    expect(await sim.finish(sim.broker.deadLetters.redrive(wish))).toEqual({ moved: 1, reason: '' })
    expect(await sim.finish(sim.broker.deadLetters.redrive(wish))).toEqual({ moved: 0, reason: '' })
    expect(await receive()).toHaveLength(3)
  })

  test('says when the topic is gone, and takes another one', async () => {
    await sim.finish(sim.admin.deleteTopic('orders'))
    const stuck = await redrive()
    expect(stuck.moved).toBe(0)
    expect(stuck.reason).toContain('topic "orders" does not exist; name another with --to')
    await sim.finish(sim.admin.createTopic('orders2', 0, 1))
    expect(await redrive(1_000, 'orders2')).toEqual({ moved: 5, reason: '' })
    const got = await sim.finish(sim.receive({ group: 'g', topic: 'orders2' }))
    expect(ids(got)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4'])
  })

  test('of messages that fail again takes them to the dead letter topic again', async () => {
    await redrive()
    for (const message of await receive()) expect(await forward(message)).toBe(true)
    expect(dead()).toBe(5)
  })
})

test('a group without dead letters says so', async () => {
  await sim.finish(sim.admin.createGroup(groupWish('g', 'default', 0, 0)))
  await expect(redrive()).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await expect(sim.finish(sim.broker.deadLetters.planRedrive('x', 1))).rejects.toMatchObject({
    code: 'GROUP_NOT_FOUND',
  })
})
