import { beforeEach, expect, test } from 'vitest'
import { millis } from '../../src/base/brand.ts'
import type { MessageFilter } from '../../src/broker/message-filter.ts'
import { parseTagFilter } from '../../src/broker/tag-filter.ts'
import { bodyText, groupWish, requestKey, SimBroker } from '../support/sim-broker.ts'

let sim: SimBroker

beforeEach(async () => {
  sim = await SimBroker.start()
  await sim.finish(sim.admin.createTopic('t', 0, 0))
})

test('a single receiver drains all queues, each message once', async () => {
  const bodies = Array.from({ length: 100 }, (_, n) => `m${n}`)
  await sim.send('t', bodies)
  const got: string[] = []
  for (let i = 0; i < 6; i++) got.push(...(await sim.finish(sim.receive())).map(bodyText))
  expect(got.toSorted()).toEqual(bodies.toSorted())
})

test('a receiver that waits is woken by the first message', async () => {
  const waiting = sim.receive({ pollUntilMono: sim.clock.mono() + 20_000 })
  await sim.run(50)
  await sim.send('t', ['x'])
  const before = sim.clock.mono()
  expect((await sim.finish(waiting)).map(bodyText)).toEqual(['x'])
  expect(sim.clock.mono() - before).toBeLessThan(100)
})

test('a topic closed for sending or receiving refuses just that, until it is opened again', async () => {
  const open = (permission: number): Promise<unknown> =>
    sim.finish(sim.admin.updateTopic({ name: 't', queueCount: 0, permission }))
  await open(2)
  await expect(sim.send('t', ['a'])).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(await sim.finish(sim.receive())).toEqual([])
  await open(3)
  await sim.send('t', ['b'])
  await expect(sim.finish(sim.receive())).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await open(4)
  expect((await sim.finish(sim.receive())).map(bodyText)).toEqual(['b'])
})

test('an empty receive ends at its polling time, not before', async () => {
  const start = sim.clock.mono()
  const waiting = sim.receive({ pollUntilMono: start + 5_000 })
  expect(await sim.finish(waiting)).toEqual([])
  expect(sim.clock.mono() - start).toBeGreaterThanOrEqual(5_000)
  expect(sim.clock.mono() - start).toBeLessThanOrEqual(5_050)
})

test('many receivers at once never get the same message', async () => {
  await sim.send(
    't',
    Array.from({ length: 200 }, (_, n) => `m${n}`),
  )
  const got: string[] = []
  for (let round = 0; round < 6; round++) {
    const receivers = Array.from({ length: 20 }, () => sim.receive({ messagesMax: 10 }))
    got.push(...(await sim.finish(Promise.all(receivers))).flat().map(bodyText))
  }
  expect(got).toHaveLength(200)
  expect(new Set(got).size).toBe(200)
})

test('an un-acked message comes again when its invisible time is over, an acked one never', async () => {
  await sim.send('t', ['a', 'b'])
  const first = await sim.finish(sim.receive())
  const acked = first.find((one) => bodyText(one) === 'a')
  expect(acked).toBeDefined()
  const receipts = acked === undefined ? [] : [acked.receipt]
  const valid = await sim.finish(
    sim.broker.operations.ack({ requestKey: requestKey(), clientId: 'client', receipts }),
  )
  expect(valid).toEqual([true])
  const waiting = sim.receive({ pollUntilMono: sim.clock.mono() + 30_000 })
  const before = sim.clock.mono()
  const again = await sim.finish(waiting)
  expect(again.map(bodyText)).toEqual(['b'])
  expect(again[0]?.attempt).toBe(2)
  expect(sim.clock.mono() - before).toBeGreaterThan(9_000)
  expect(sim.clock.mono() - before).toBeLessThan(10_200)
})

test('a receive whose client is gone gives its claims back without counting an attempt', async () => {
  await sim.send('t', ['a'])
  const gone = new AbortController()
  const receiving = sim.receive({ signal: gone.signal })
  gone.abort()
  await sim.finish(receiving.catch(() => []))
  const next = await sim.finish(sim.receive())
  expect(next.map((one) => one.attempt)).toEqual([1])
})

test('a repeated receive gets the same messages with the same attempt', async () => {
  await sim.send('t', ['a', 'b', 'c'])
  const key = requestKey()
  const first = await sim.finish(sim.receive({ requestKey: key }))
  const repeat = await sim.finish(sim.receive({ requestKey: key }))
  const facts = (list: typeof first): string[] =>
    list.map((one) => `${bodyText(one)} ${one.attempt}`).toSorted()
  expect(facts(repeat)).toEqual(facts(first))
})

test('a tag filter gives what matches and passes the rest over for good', async () => {
  await sim.send('t', ['r1', 'r2'], 'red')
  await sim.send('t', ['b1', 'b2'], 'blue')
  const filter = parseTagFilter('blue || green')
  if (filter === undefined) throw new Error('the filter is legal')
  const got = await sim.finish(sim.receive({ filter, pollUntilMono: sim.clock.mono() + 500 }))
  const more = await sim.finish(sim.receive({ filter, pollUntilMono: sim.clock.mono() + 500 }))
  expect([...got, ...more].map(bodyText).toSorted()).toEqual(['b1', 'b2'])
  expect(await sim.finish(sim.receive())).toEqual([])
})

test('claims with auto renewal are kept while the client lives and end after it is gone', async () => {
  await sim.send('t', ['a'])
  const got = await sim.finish(sim.receive({ autoRenew: true, invisibleMs: 60_000, clientId: 'worker' }))
  await sim.run(2_000)
  await sim.finish(sim.broker.operations.handedOver(got.map((one) => one.receipt)))
  for (let i = 0; i < 15; i++) {
    sim.broker.operations.clientSeen('worker')
    await sim.run(10_000, 250)
  }
  expect(await sim.finish(sim.receive())).toEqual([])
  const waiting = sim.receive({ pollUntilMono: sim.clock.mono() + 200_000 })
  const again = await sim.finish(waiting, 250)
  expect(again.map((one) => one.attempt)).toEqual([2])
})

test('a claim that nobody says was handed over is not renewed, however alive its client is', async () => {
  await sim.send('t', ['a'])
  const claim = { autoRenew: true, invisibleMs: 60_000, clientId: 'worker' }
  await sim.finish(sim.receive(claim))
  const start = sim.clock.mono()
  const waiting = sim.receive({ ...claim, pollUntilMono: start + 200_000 })
  for (let i = 0; i < 60; i++) {
    sim.broker.operations.clientSeen('worker')
    await sim.run(1_000, 250)
  }
  expect((await sim.finish(waiting, 250)).map((one) => one.attempt)).toEqual([2])
  expect(sim.clock.mono() - start).toBeLessThan(62_000)
})

test('a message without an attempt left goes to the dead letter topic of its group and can be read there', async () => {
  await sim.finish(sim.admin.createGroup(groupWish('g', 'default', 0, 2)))
  await sim.send('t', ['a'])
  for (let attempt = 1; attempt <= 2; attempt++) {
    const got = await sim.finish(sim.receive({ pollUntilMono: sim.clock.mono() + 30_000 }))
    expect(got.map((one) => one.attempt)).toEqual([attempt])
  }
  await sim.run(12_000)
  expect(sim.admin.describeTopic('%DLQ%g').summary.messageCount).toBe(1)
  const dead = await sim.finish(sim.receive({ group: 'undertaker', topic: '%DLQ%g' }))
  expect(dead.map((one) => [bodyText(one), one.attempt, one.deadLetter])).toEqual([['a', 1, true]])
  expect(await sim.finish(sim.receive())).toEqual([])
})

test('a group that starts at a time gets what was stored from then on', async () => {
  await sim.send('t', ['old'])
  await sim.finish(sim.admin.createGroup(groupWish('g', 'time', 2, 0)))
  expect(await sim.finish(sim.receive())).toEqual([])
  await sim.finish(sim.admin.createGroup(groupWish('early', 'time', 1, 0)))
  expect((await sim.finish(sim.receive({ group: 'early' }))).map(bodyText)).toEqual(['old'])
})

test('a topic that is not there is denied without an entry of the log', async () => {
  const before = sim.broker.machine.appliedIndex
  const denied = await sim.finish(sim.receive({ topic: 'nowhere' }).catch((error: unknown) => error))
  expect(denied).toMatchObject({ code: 'TOPIC_NOT_FOUND' })
  expect(sim.broker.machine.appliedIndex).toBe(before)
})

test('messages far behind the newest page are found through the tables', async () => {
  const bodies = Array.from({ length: 3_000 }, (_, n) => `m${n}`)
  await sim.send('t', bodies)
  await sim.run(500)
  const got = new Set<string>()
  for (let i = 0; i < 150 && got.size < bodies.length; i++) {
    for (const one of await sim.finish(sim.receive())) got.add(bodyText(one))
  }
  expect(got.size).toBe(bodies.length)
}, 60_000)

test('log time stands still without entries of a leader and claims do not end meanwhile', () => {
  expect(sim.broker.machine.now).toBeLessThanOrEqual(sim.broker.now())
  expect(sim.broker.now()).toBeGreaterThan(millis(1_600_000_000_000))
})

test('a message that fails again and again at once does not keep new ones away, nor they it', async () => {
  await sim.finish(sim.admin.createTopic('one', 0, 1))
  await sim.send('one', ['poison', 'a', 'b', 'c', 'd', 'e'])
  const got: string[] = []
  for (let i = 0; i < 10; i++) {
    const [message] = await sim.finish(sim.receive({ topic: 'one', messagesMax: 1 }))
    if (message === undefined) break
    got.push(bodyText(message))
    if (bodyText(message) !== 'poison') continue
    const change = { requestKey: requestKey(), clientId: 'client', receipt: message.receipt, invisibleMs: 0 }
    await sim.finish(sim.broker.operations.changeInvisible(change))
  }
  expect(got).toHaveLength(10)
  expect(got.filter((body) => body === 'poison').length).toBeGreaterThanOrEqual(4)
  expect(new Set(got)).toEqual(new Set(['poison', 'a', 'b', 'c', 'd', 'e']))
})

test('a message that is given up at once at its last attempt is a dead letter soon', async () => {
  await sim.finish(sim.admin.createGroup(groupWish('g', 'default', 0, 1)))
  await sim.send('t', ['a'])
  const [message] = await sim.finish(sim.receive())
  if (message === undefined) throw new Error('it is received')
  const change = { requestKey: requestKey(), clientId: 'client', receipt: message.receipt, invisibleMs: 0 }
  await sim.finish(sim.broker.operations.changeInvisible(change))
  await sim.run(100)
  expect(sim.admin.describeTopic('%DLQ%g').summary.messageCount).toBe(1)
})

test('queues are read in turn: none is more than a round behind', async () => {
  await sim.send(
    't',
    Array.from({ length: 240 }, (_, n) => `m${n}`),
  )
  for (let i = 0; i < 12; i++) await sim.finish(sim.receive({ messagesMax: 10 }))
  const taken = sim.admin.describeGroup('g').queues.map(({ cursor }) => cursor)
  expect(taken.reduce((sum, one) => sum + one, 0)).toBe(120)
  expect(Math.max(...taken) - Math.min(...taken)).toBeLessThanOrEqual(10)
})

test('who unsubscribes leaves the messages, and another expression counts from the next receive on', async () => {
  await sim.send('t', ['r1'], 'red')
  await sim.send('t', ['b1'], 'blue')
  const tagged = (tag: string): MessageFilter => {
    const filter = parseTagFilter(tag)
    if (filter === undefined) throw new Error('the filter is legal')
    return filter
  }
  expect((await sim.finish(sim.receive({ filter: tagged('red') }))).map(bodyText)).toEqual(['r1'])
  await sim.send('t', ['b2'], 'blue')
  await sim.run(20_000)
  expect(sim.admin.describeGroup('g').summary.lag).toBeGreaterThanOrEqual(2)
  const blue = await sim.finish(
    sim.receive({ filter: tagged('blue'), pollUntilMono: sim.clock.mono() + 500 }),
  )
  expect(blue.map(bodyText)).toEqual(['b2'])
})

test('claims of many clients are renewed by one entry', async () => {
  await sim.send(
    't',
    Array.from({ length: 40 }, (_, n) => `m${n}`),
  )
  const claims = []
  for (let i = 0; i < 20; i++) {
    const clientId = `worker-${i}`
    const got = await sim.finish(
      sim.receive({ autoRenew: true, invisibleMs: 60_000, clientId, messagesMax: 2 }),
    )
    claims.push(...got.map(({ receipt }) => receipt))
  }
  expect(claims).toHaveLength(40)
  await sim.finish(sim.broker.operations.handedOver(claims))
  const before = sim.broker.ledger.status.lastIndex
  for (let i = 0; i < 20; i++) sim.broker.operations.clientSeen(`worker-${i}`)
  await sim.run(50_000, 100)
  const visible = sim.broker.machine.nextDeadline(sim.broker.machine.now) ?? 0
  expect(visible - sim.broker.machine.now).toBeGreaterThan(30_000)
  // One entry a second moves log time on while something is held; the renewal of all 40 stands in few of them.
  expect(sim.broker.ledger.status.lastIndex - before).toBeLessThan(60)
})
