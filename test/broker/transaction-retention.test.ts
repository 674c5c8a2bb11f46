import { describe, expect, test } from 'vitest'
import { CONFIG_DEFAULTS } from '../../src/base/config.ts'
import { parseTransactionId } from '../../src/broker/machine/index.ts'
import type { Resolution } from '../../src/broker/machine/transaction-commands.ts'
import { bodyText, groupWish, half, SimBroker } from '../support/sim-broker.ts'

const SEGMENT_BYTES = 1 << 17
const HOUR_MS = 3_600_000
const SEGMENT_MESSAGES = 600
const TRANSACTION = 4
const RETENTION = { ...CONFIG_DEFAULTS.retention, hours: 1 }
/** Nobody can be asked: transactions stay open. */
const relay = { check: () => Promise.resolve(false) }

let sent = 0

/** A topic of transactions `t`, and one of plain messages that fills the log. */
async function start(checked = false): Promise<SimBroker> {
  const options = checked
    ? {
        relay: { check: () => Promise.resolve(true) },
        transactions: { checkAfterMs: 1, checkIntervalMs: 100, checksMax: 1 },
      }
    : { relay }
  const sim = await SimBroker.start({ segmentBytes: SEGMENT_BYTES, retention: RETENTION, ...options })
  await sim.finish(sim.admin.createTopic('t', TRANSACTION, 1))
  await sim.finish(sim.admin.createTopic('fill', 0, 1))
  await sim.finish(sim.admin.createGroup(groupWish('g', 'earliest', 0, 20)))
  return sim
}

async function fill(sim: SimBroker, segments: number): Promise<void> {
  for (let at = 0; at < segments * SEGMENT_MESSAGES; at += 20) {
    await sim.send(
      'fill',
      Array.from({ length: 20 }, () => String(++sent).padEnd(100, '.')),
    )
  }
}

async function open(sim: SimBroker, body: string): Promise<string> {
  const [result] = await sim.finish(sim.broker.operations.send(half('t', body)))
  return result?.transactionId ?? ''
}

async function end(sim: SimBroker, text: string, resolution: Resolution): Promise<void> {
  const id = parseTransactionId(text)
  if (id === undefined) throw new Error('a half message has a transaction id')
  await sim.finish(sim.broker.operations.endTransaction({ topic: 't', id, resolution }))
}

async function received(sim: SimBroker): Promise<string[]> {
  const wish = { topic: 't', pollUntilMono: sim.clock.mono() + 20, invisibleMs: 12 * HOUR_MS }
  return (await sim.finish(sim.receive(wish))).map(bodyText)
}

describe('a half message that is older than the retention time', () => {
  test('is committed with the bytes that were sent', async () => {
    const sim = await start()
    const far = await open(sim, 'far')
    await fill(sim, 2)
    await sim.run(1.2 * HOUR_MS, 20_000)
    await fill(sim, 2)
    await sim.run(1.2 * HOUR_MS, 20_000)
    await fill(sim, 1)
    await sim.run(20_000, 1_000)
    const { floor } = sim.broker.machine
    expect(floor).toBeGreaterThanOrEqual(3 * SEGMENT_BYTES)
    expect(sim.broker.machine.transactionCounts.open).toBe(1)
    expect(await received(sim)).toEqual([])
    await end(sim, far, 'commit')
    expect(await received(sim)).toEqual(['far'])
  })

  test('goes with the retention when it was rolled back', async () => {
    const sim = await start()
    const far = await open(sim, 'far')
    await fill(sim, 2)
    await end(sim, far, 'rollback')
    await sim.run(1.2 * HOUR_MS, 20_000)
    await fill(sim, 1)
    await sim.run(20_000, 1_000)
    expect(sim.broker.machine.floor).toBeGreaterThanOrEqual(SEGMENT_BYTES)
    expect(await received(sim)).toEqual([])
  })
})

test('what was committed late stays for the retention time from its commit, in the order of the commits', async () => {
  const sim = await start()
  const halves: string[] = []
  for (let i = 0; i < 20; i++) halves.push(await open(sim, `half ${i}`))
  await end(sim, halves[19] ?? '', 'commit')
  await fill(sim, 2)
  await sim.run(0.8 * HOUR_MS, 20_000)
  for (const one of halves.slice(0, 19).toReversed()) await end(sim, one, 'commit')
  await sim.run(0.4 * HOUR_MS, 20_000)
  await fill(sim, 1)
  await sim.run(20_000, 1_000)
  expect(sim.broker.machine.floor).toBeGreaterThanOrEqual(SEGMENT_BYTES)
  const left = halves.slice(0, 19).map((_, i) => `half ${18 - i}`)
  expect(await received(sim)).toEqual(left)
  const view = sim.broker.machine.queue(1)
  expect(view?.minOffset).toBe(1)
})

test('a parked transaction is rolled back when it is older than the retention time', async () => {
  const sim = await start(true)
  const id = await open(sim, 'parked')
  await sim.run(10_000, 500)
  expect(sim.broker.machine.transactionCounts).toMatchObject({ open: 1, parked: 1 })
  await sim.run(0.8 * HOUR_MS, 20_000)
  expect(sim.broker.machine.transactionCounts).toMatchObject({ open: 1, parked: 1 })
  await sim.run(0.3 * HOUR_MS, 20_000)
  expect(sim.broker.machine.transactionCounts).toMatchObject({ open: 0, parked: 0 })
  await expect(end(sim, id, 'commit')).rejects.toMatchObject({ code: 'INVALID_TRANSACTION_ID' })
})
