import { describe, expect, test } from 'vitest'
import { logPosition, queueOffset } from '../../src/base/brand.ts'
import { Prng } from '../../src/base/prng.ts'
import { encodeCommand } from '../../src/broker/machine/index.ts'
import { MessageReader } from '../../src/broker/message-reader.ts'
import { bodyText, groupWish, requestKey, SimBroker } from '../support/sim-broker.ts'

const SEGMENT_BYTES = 1 << 17
const HOUR_MS = 3_600_000
/** Messages of a segment, more or less. */
const SEGMENT_MESSAGES = 600
const BY_TIME = { hours: 1, bytes: undefined, awayBytes: 0 }
const BY_SIZE = { hours: 1_000, bytes: 2 * SEGMENT_BYTES, awayBytes: 0 }

async function start(retention: typeof BY_TIME | typeof BY_SIZE): Promise<SimBroker> {
  const sim = await SimBroker.start({ segmentBytes: SEGMENT_BYTES, retention })
  await sim.finish(sim.admin.createTopic('t', 0, 1))
  await sim.finish(sim.admin.createGroup(groupWish('g', 'earliest', 0, 2)))
  return sim
}

let sent = 0

/** Sends messages with bodies of 100 characters, one after the other in small batches. */
async function send(sim: SimBroker, count: number): Promise<string[]> {
  const bodies = Array.from({ length: count }, () => String(++sent).padEnd(100, '.'))
  for (let at = 0; at < count; at += 20) await sim.send('t', bodies.slice(at, at + 20))
  return bodies
}

async function receiveAll(sim: SimBroker, topic = 't', group = 'g'): Promise<string[]> {
  const got: string[] = []
  for (;;) {
    const messages = await sim.finish(sim.receive({ topic, group, pollUntilMono: sim.clock.mono() + 20 }))
    if (messages.length === 0) return got
    got.push(...messages.map(bodyText))
  }
}

/** A new message and one that comes again: they take turns. */
async function receiveTwice(sim: SimBroker, invisibleMs: number): Promise<void> {
  const got = [...(await sim.finish(sim.receive({ messagesMax: 1, invisibleMs })))]
  got.push(...(await sim.finish(sim.receive({ messagesMax: 1, invisibleMs }))))
  expect(new Set(got.map(({ attempt }) => attempt))).toEqual(new Set([1, 2]))
}

function queue(sim: SimBroker) {
  const view = sim.broker.machine.queue(1)
  if (view === undefined) throw new Error('the topic has a queue')
  return view
}

test('a topic with a retention of its own forgets what was stored before it, and others do not', async () => {
  const sim = await start(BY_TIME)
  await sim.finish(sim.admin.createTopic('other', 0, 1))
  await sim.send('t', ['old'])
  await sim.send('other', ['kept'])
  const rules = { queueCount: 0, permission: 0 }
  await sim.finish(sim.admin.updateTopic({ ...rules, name: 't', retentionMs: 60_000 }))
  await sim.run(20_000, 1_000)
  expect(queue(sim)).toMatchObject({ minOffset: 1, nextOffset: 1 })
  await sim.finish(sim.admin.updateTopic({ ...rules, name: 't', retentionMs: 0 }))
  await sim.send('t', ['new'])
  await sim.run(20_000, 1_000)
  expect(await receiveAll(sim)).toEqual(['new'])
  expect(await receiveAll(sim, 'other')).toEqual(['kept'])
})

describe('messages in a segment that is older than the retention time', () => {
  test('are gone, and a group that was behind goes on with the first that is left', async () => {
    const sim = await start(BY_TIME)
    const old = await send(sim, 2 * SEGMENT_MESSAGES)
    await sim.run(2 * HOUR_MS, 5_000)
    const fresh = await send(sim, 10)
    await sim.run(20_000, 1_000)
    const { minOffset } = queue(sim)
    expect(minOffset).toBeGreaterThan(SEGMENT_MESSAGES / 2)
    expect(minOffset).toBeLessThan(old.length)
    expect(await receiveAll(sim)).toEqual([...old, ...fresh].slice(minOffset))
    expect(queue(sim).firstPage).toBe(Math.floor(minOffset / 128))
  })

  test('stay while one of them is younger', async () => {
    const sim = await start(BY_TIME)
    await send(sim, SEGMENT_MESSAGES / 2)
    await sim.run(2 * HOUR_MS, 5_000)
    await send(sim, SEGMENT_MESSAGES)
    await sim.run(20_000, 1_000)
    expect(queue(sim).minOffset).toBe(0)
  })

  test('come again to their group when they are in flight, with the bytes that were sent', async () => {
    const sim = await start(BY_TIME)
    const old = await send(sim, 2 * SEGMENT_MESSAGES)
    const held = await sim.finish(sim.receive({ messagesMax: 3, invisibleMs: 3 * HOUR_MS }))
    await sim.run(2 * HOUR_MS, 5_000)
    await send(sim, 1)
    await sim.run(20_000, 1_000)
    const { machine } = sim.broker
    expect(machine.floor).toBeGreaterThanOrEqual(SEGMENT_BYTES)
    expect(machine.movedPointer(1, queueOffset(0))?.position).toBeGreaterThan(machine.floor)
    const [first, ...others] = held.map((one) => one.receipt)
    if (first === undefined) throw new Error('messages were received')
    const ack = { requestKey: requestKey(), clientId: 'client', receipts: [first] }
    expect(await sim.finish(sim.broker.operations.ack(ack))).toEqual([true])
    await sim.run(HOUR_MS, 5_000)
    // New messages come in between.
    const got = await sim.finish(sim.receive({ messagesMax: 8 }))
    const again = got.filter((one) => one.attempt > 1)
    expect(again.map(bodyText)).toEqual(old.slice(1, 3))
    expect(again.map((one) => one.attempt)).toEqual([2, 2])
    expect(again.map((one) => one.offset)).toEqual(others.map((one) => one.offset))
  })

  test('stay in a dead letter topic for the retention time from then on', async () => {
    const sim = await start(BY_TIME)
    const old = await send(sim, 2 * SEGMENT_MESSAGES)
    await sim.finish(sim.receive({ messagesMax: 1, invisibleMs: HOUR_MS / 3 }))
    await sim.run(HOUR_MS / 3 + 1_000, 1_000)
    await receiveTwice(sim, HOUR_MS / 3)
    await sim.run(HOUR_MS / 3 + 20_000, 1_000)
    expect(sim.admin.describeTopic('%DLQ%g').summary.messageCount).toBe(1)
    await sim.run(HOUR_MS / 2, 5_000)
    await send(sim, 1)
    await sim.run(20_000, 1_000)
    expect(sim.broker.machine.floor).toBeGreaterThanOrEqual(SEGMENT_BYTES)
    const dead = await sim.finish(sim.receive({ group: 'undertaker', topic: '%DLQ%g' }))
    expect(dead.map(bodyText)).toEqual(old.slice(0, 1))
    await send(sim, 2 * SEGMENT_MESSAGES)
    await sim.run(2 * HOUR_MS, 5_000)
    await send(sim, 1)
    await sim.run(20_000, 1_000)
    expect(sim.admin.describeTopic('%DLQ%g').summary.messageCount).toBe(0)
  })

  test('become dead letters also when their last attempt ends after the floor has risen over them', async () => {
    const sim = await start(BY_TIME)
    const old = await send(sim, 2 * SEGMENT_MESSAGES)
    await sim.finish(sim.receive({ messagesMax: 1 }))
    await sim.run(11_000, 1_000)
    await receiveTwice(sim, 3 * HOUR_MS)
    await sim.run(2 * HOUR_MS, 5_000)
    await send(sim, 1)
    await sim.run(20_000, 1_000)
    expect(sim.broker.machine.floor).toBeGreaterThanOrEqual(SEGMENT_BYTES)
    await sim.run(HOUR_MS + 60_000, 5_000)
    const dead = await sim.finish(sim.receive({ group: 'undertaker', topic: '%DLQ%g' }))
    expect(dead.map(bodyText)).toEqual(old.slice(0, 1))
  })
})

test('a floor that rose under a leader that is gone is passed by the next one', async () => {
  const sim = await start(BY_TIME)
  const bodies = await send(sim, 2 * SEGMENT_MESSAGES)
  await sim.finish(sim.receive({ messagesMax: 1, invisibleMs: HOUR_MS }))
  const rising = logPosition(SEGMENT_BYTES)
  await sim.finish(
    sim.broker.ledger.propose(encodeCommand({ type: 'floor', rising, position: logPosition(0) })),
  )
  await sim.run(20_000, 500)
  const { machine } = sim.broker
  expect(machine.floors).toEqual({ position: rising, rising })
  expect(machine.movedPointer(1, queueOffset(0))?.position).toBeGreaterThan(rising)
  expect(await receiveAll(sim)).toEqual(bodies.slice(queue(sim).minOffset))
})

describe('a log that is larger than the retention size', () => {
  test('loses its oldest segments, whatever their age', async () => {
    const sim = await start(BY_SIZE)
    await send(sim, 5 * SEGMENT_MESSAGES)
    await sim.run(20_000, 1_000)
    const { start: _, end } = sim.broker.ledger.kept.span
    expect(end - sim.broker.machine.floor).toBeLessThanOrEqual(BY_SIZE.bytes)
    expect(sim.broker.machine.floor % SEGMENT_BYTES).toBe(0)
    expect(queue(sim).minOffset).toBeGreaterThan(2 * SEGMENT_MESSAGES)
  })

  test('moves up at most half of that size; the rest is given up like anything that is too old', async () => {
    const sim = await start(BY_SIZE)
    await send(sim, 2 * SEGMENT_MESSAGES)
    for (let i = 0; i < 20; i++) await sim.finish(sim.receive({ invisibleMs: 12 * HOUR_MS }))
    for (let i = 0; i < 6; i++) {
      await send(sim, SEGMENT_MESSAGES)
      await sim.run(20_000, 1_000)
    }
    const { machine } = sim.broker
    expect(machine.movedBytes).toBeLessThanOrEqual(BY_SIZE.bytes / 2)
    expect(machine.movedBytes).toBeGreaterThan(BY_SIZE.bytes / 3)
    expect(machine.faults()).toEqual([])
    for (const { queue: number, offset } of machine.stranded()) {
      expect(machine.movedPointer(number, offset)?.position).toBeGreaterThanOrEqual(machine.floor)
    }
  })
})

test('after power cuts while segments go every message that is kept is there, and what was moved up too', async () => {
  for (let seed = 1; seed <= 6; seed++) {
    const prng = new Prng(seed)
    let sim = await start(BY_SIZE)
    let bodies: string[] = []
    for (let round = 0; round < 3; round++) {
      bodies = [...bodies, ...(await send(sim, SEGMENT_MESSAGES))]
      await sim.finish(sim.receive({ messagesMax: 5, invisibleMs: 12 * HOUR_MS }))
      await sim.run(prng.below(25_000), 500)
      sim.crash(prng)
      sim = await SimBroker.start({ segmentBytes: SEGMENT_BYTES, retention: BY_SIZE, after: sim })
    }
    bodies = [...bodies, ...(await send(sim, 2 * SEGMENT_MESSAGES))]
    await sim.run(30_000, 500)
    const { machine } = sim.broker
    expect(machine.faults()).toEqual([])
    expect(sim.broker.ledger.kept.span.start).toBe(machine.floor)
    expect(machine.floor).toBeGreaterThan(SEGMENT_BYTES)
    const held = [...machine.stranded()]
    expect(held.length).toBeGreaterThan(0)
    const reader = new MessageReader(machine, sim.broker.ledger)
    for (const { queue: number, offset } of held) {
      const stored = await sim.finish(reader.read(number, offset))
      expect(Buffer.from(stored ?? []).toString()).toContain(bodies[offset])
    }
    const unread = bodies.slice(machine.consumer(1, 1)?.cursor ?? 0)
    expect(await receiveAll(sim)).toEqual(unread)
  }
}, 60_000)
