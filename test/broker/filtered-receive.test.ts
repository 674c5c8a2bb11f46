import { beforeEach, describe, expect, test } from 'vitest'
import { Prng } from '../../src/base/prng.ts'
import type { ReceivedMessage } from '../../src/broker/leader-port.ts'
import { readStoredHeader } from '../../src/broker/machine/stored-message.ts'
import type { MessageFilter } from '../../src/broker/message-filter.ts'
import { sqlFilterOf } from '../../src/broker/sql/sql-filter.ts'
import { message, SimBroker } from '../support/sim-broker.ts'
import { storedFor } from '../support/stored.ts'

let sim: SimBroker

beforeEach(async () => {
  sim = await SimBroker.start()
  await sim.finish(sim.admin.createTopic('t', 0, 0))
})

/** Sends messages whose body and property `n` are the numbers from `first` on. */
async function sendNumbered(first: number, count: number): Promise<void> {
  const sends = Array.from({ length: count }, (_, i) => {
    const n = String(first + i)
    const stored = storedFor({ messageId: n }, { n, parity: (first + i) % 2 === 0 ? 'even' : 'odd' }, n)
    return sim.broker.operations.send({ ...message('t', n), messages: [stored], bytes: stored.byteLength })
  })
  await sim.finish(Promise.all(sends))
}

function bodyOf({ stored }: ReceivedMessage): number {
  const header = readStoredHeader(stored)
  if (header === undefined) throw new Error('it is a message')
  const start = header.headerBytes + header.bodyStart
  return Number(Buffer.from(stored.subarray(start, start + header.bodyLength)).toString())
}

/** Receives until nothing comes any more. */
async function drain(filter: MessageFilter, group = 'g'): Promise<number[]> {
  const got: number[] = []
  for (;;) {
    const pollUntilMono = sim.clock.mono() + 500
    const messages = await sim.finish(sim.receive({ filter, group, pollUntilMono, invisibleMs: 60_000 }))
    if (messages.length === 0) return got.toSorted((a, b) => a - b)
    got.push(...messages.map(bodyOf))
  }
}

async function restart(): Promise<void> {
  await sim.run(500)
  sim.crash(new Prng(7))
  sim = await SimBroker.start({ after: sim })
}

describe('a receive with an SQL filter', () => {
  test('gets what matches and passes the rest over for good', async () => {
    await sendNumbered(0, 60)
    expect(await drain(sqlFilterOf("n >= 10 AND n < 20 AND parity = 'odd'"))).toEqual([11, 13, 15, 17, 19])
    expect(await drain(sqlFilterOf('TRUE'))).toEqual([])
    expect(await drain(sqlFilterOf("parity = 'even' AND n > 55"), 'other')).toEqual([56, 58])
  })

  test('is woken by the first message that matches', async () => {
    const pollUntilMono = sim.clock.mono() + 20_000
    const waiting = sim.receive({ filter: sqlFilterOf('n = 7'), pollUntilMono })
    await sendNumbered(0, 7)
    await sim.run(100)
    const before = sim.clock.mono()
    await sendNumbered(7, 1)
    expect((await sim.finish(waiting)).map(bodyOf)).toEqual([7])
    expect(sim.clock.mono() - before).toBeLessThan(100)
  })

  test('finds messages that are only on the disk', async () => {
    await sendNumbered(0, 900)
    await restart()
    const wanted = Array.from({ length: 9 }, (_, i) => i * 100 + 50)
    expect(await drain(sqlFilterOf("n ENDSWITH '50'"))).toEqual(wanted)
    expect(await drain(sqlFilterOf('TRUE'))).toEqual([])
  })

  test('reads no more than a bounded number of messages at once, however many do not match', async () => {
    await sendNumbered(0, 4_000)
    const filter = counted(sqlFilterOf('n < 0'))
    const first = sim.receive({ filter, pollUntilMono: sim.clock.mono() + 2_000 })
    const other = sim.receive({ group: 'other', pollUntilMono: sim.clock.mono() + 2_000 })
    const before = sim.clock.mono()
    expect(await sim.finish(other)).not.toEqual([])
    expect(sim.clock.mono() - before).toBeLessThan(200)
    expect(await sim.finish(first)).toEqual([])
    expect(filter.readMax).toBeGreaterThan(500)
    expect(filter.readMax).toBeLessThanOrEqual(1_024)
    expect(filter.readAll).toBeGreaterThanOrEqual(4_000)
    expect(filter.readAll).toBeLessThan(4_400)
  }, 20_000)
})

/** Counts what a filter reads, and the most that it reads without letting anything else happen. */
function counted(filter: MessageFilter): MessageFilter & { readAll: number; readMax: number } {
  let sinceTurn = 0
  const counter = {
    readAll: 0,
    readMax: 0,
    readsMessage: true,
    mayMatch: () => true,
    matches: (stored: Uint8Array): boolean => {
      if (sinceTurn === 0) setImmediate(() => (sinceTurn = 0))
      sinceTurn += 1
      counter.readAll += 1
      counter.readMax = Math.max(counter.readMax, sinceTurn)
      return filter.matches(stored)
    },
  }
  return counter
}
