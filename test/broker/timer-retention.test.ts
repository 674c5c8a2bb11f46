import { expect, test } from 'vitest'
import { Prng } from '../../src/base/prng.ts'
import { bodyText, delayed, groupWish, SimBroker } from '../support/sim-broker.ts'

const SEGMENT_BYTES = 1 << 17
const HOUR_MS = 3_600_000
const SEGMENT_MESSAGES = 600
const MIXED = 127
const BY_TIME = { hours: 1, bytes: undefined, awayBytes: 0 }
const BY_SIZE = { hours: 1_000, bytes: 2 * SEGMENT_BYTES, awayBytes: 0 }

async function start(retention: typeof BY_TIME | typeof BY_SIZE): Promise<SimBroker> {
  const sim = await SimBroker.start({ segmentBytes: SEGMENT_BYTES, retention })
  await sim.finish(sim.admin.createTopic('t', MIXED, 1))
  await sim.finish(sim.admin.createGroup(groupWish('g', 'earliest', 0, 20)))
  return sim
}

let sent = 0

async function fill(sim: SimBroker, segments: number): Promise<void> {
  for (let at = 0; at < segments * SEGMENT_MESSAGES; at += 20) {
    await sim.send(
      't',
      Array.from({ length: 20 }, () => String(++sent).padEnd(100, '.')),
    )
  }
}

async function sendLater(sim: SimBroker, body: string, laterMs: number): Promise<void> {
  await sim.finish(sim.broker.operations.send(delayed('t', body, sim.broker.now() + laterMs)))
}

/** Received bodies that are short: the delayed ones. */
async function receiveDelayed(sim: SimBroker): Promise<string[]> {
  const got: string[] = []
  for (;;) {
    const pollUntilMono = sim.clock.mono() + 20
    const messages = await sim.finish(sim.receive({ pollUntilMono, invisibleMs: 12 * HOUR_MS }))
    if (messages.length === 0) return got
    got.push(...messages.map(bodyText).filter((body) => body.length < 20))
  }
}

test('a message that waits longer than the retention comes when it is due, with its bytes', async () => {
  const sim = await start(BY_TIME)
  await sendLater(sim, 'far', 3 * HOUR_MS)
  await fill(sim, 2)
  await sim.run(1.2 * HOUR_MS, 20_000)
  await fill(sim, 2)
  await sim.run(1.2 * HOUR_MS, 20_000)
  await fill(sim, 1)
  await sim.run(20_000, 1_000)
  expect(sim.broker.machine.floor).toBeGreaterThanOrEqual(3 * SEGMENT_BYTES)
  expect(await receiveDelayed(sim)).toEqual([])
  await sim.run(0.7 * HOUR_MS, 20_000)
  expect(await receiveDelayed(sim)).toEqual(['far'])
})

test('a message that came late stays for the retention from then on, though its bytes are older', async () => {
  const sim = await start(BY_TIME)
  await sendLater(sim, 'late', HOUR_MS - 60_000)
  await fill(sim, 2)
  await sim.run(HOUR_MS - 50_000, 20_000)
  await sim.send('t', ['after'])
  await sim.run(HOUR_MS / 2, 20_000)
  await fill(sim, 1)
  await sim.run(20_000, 1_000)
  expect(sim.broker.machine.floor).toBeGreaterThanOrEqual(SEGMENT_BYTES)
  expect(sim.broker.machine.faults()).toEqual([])
  expect(await receiveDelayed(sim)).toEqual(['late', 'after'])
})

test('a message that waited is gone when the retention is over since it came', async () => {
  const sim = await start(BY_TIME)
  await sendLater(sim, 'late', HOUR_MS / 2)
  await fill(sim, 2)
  await sim.run(HOUR_MS, 20_000)
  await fill(sim, 1)
  await sim.run(2 * HOUR_MS, 20_000)
  await fill(sim, 2)
  await sim.run(20_000, 1_000)
  expect(await receiveDelayed(sim)).toEqual([])
  expect(sim.broker.machine.movedBytes).toBe(0)
})

test('delayed messages are refused when half of the retention size waits, and taken again when they came', async () => {
  const sim = await start(BY_SIZE)
  const body = 'x'.repeat(100)
  const sends: Promise<unknown>[] = []
  for (let i = 0; i < SEGMENT_MESSAGES + 300; i++) {
    sends.push(sim.broker.operations.send(delayed('t', `${i}${body}`, sim.broker.now() + 60_000)))
    if (i % 20 === 19) await sim.finish(Promise.allSettled(sends))
  }
  const ends = await sim.finish(Promise.allSettled(sends))
  const refused = ends.filter((end) => end.status === 'rejected')
  expect(refused.length).toBeGreaterThan(100)
  expect(refused[0]?.reason).toMatchObject({ code: 'LIMIT_REACHED', outcome: 'none' })
  expect(sim.broker.machine.timers.bytes).toBeLessThanOrEqual(SEGMENT_BYTES)
  await sim.run(61_000)
  await sendLater(sim, 'again', 1_000)
  expect(sim.broker.machine.timers.count).toBe(1)
})

test('what waits survives power cuts while segments go', async () => {
  for (let seed = 1; seed <= 2; seed++) {
    const prng = new Prng(seed)
    let sim = await start(BY_SIZE)
    for (let i = 0; i < 30; i++) await sendLater(sim, `d${i}`, 120_000)
    for (let round = 0; round < 3; round++) {
      await fill(sim, 1.5)
      await sim.run(prng.below(25_000), 500)
      sim.crash(prng)
      sim = await SimBroker.start({ segmentBytes: SEGMENT_BYTES, retention: BY_SIZE, after: sim })
    }
    await sim.run(30_000, 500)
    expect(sim.broker.machine.floor).toBeGreaterThan(0)
    await sim.run(120_000, 1_000)
    expect(sim.broker.machine.timers).toEqual({ count: 0, bytes: 0 })
    const got = await receiveDelayed(sim)
    expect(got.toSorted()).toEqual(Array.from({ length: 30 }, (_, i) => `d${i}`).toSorted())
  }
})
