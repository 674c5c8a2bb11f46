import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LogPosition } from '../../../src/base/brand.ts'
import { MessageReader } from '../../../src/broker/message-reader.ts'
import { MessageIndex } from '../../../src/broker/query/message-index.ts'
import { type BrowseQuery, type FoundMessage, Queries } from '../../../src/broker/query/queries.ts'
import { standsOf, traceLog } from '../../../src/broker/query/trace.ts'
import { sqlFilterOf } from '../../../src/broker/sql/sql-filter.ts'
import { ALL_MESSAGES } from '../../../src/broker/tag-filter.ts'
import { QuietLogger } from '../../support/manual-clock.ts'
import { message, requestKey, SimBroker } from '../../support/sim-broker.ts'
import { SimKv } from '../../support/sim-kv.ts'
import { storedFor } from '../../support/stored.ts'

const FOREVER = new AbortController().signal
/** When the messages are stored, plus their number. */
const STORED_MS = 1_790_000_000_000
let sim: SimBroker
let queries: Queries
let stop: AbortController
let running: Promise<void>

beforeEach(async () => {
  sim = await SimBroker.start()
  await sim.finish(sim.admin.createTopic('orders', 0, 2))
  const { machine: view, ledger } = sim.broker
  const reader = new MessageReader(view, ledger)
  const applied = (): typeof view.appliedIndex => view.appliedIndex
  const shared = { view, reader, applied, clock: sim.clock, logger: new QuietLogger() }
  const index = await MessageIndex.open({ ...shared, kv: new SimKv() })
  stop = new AbortController()
  running = index.run(stop.signal)
  queries = new Queries({ view, reader, index })
})

afterEach(async () => {
  stop.abort()
  await sim.run(300)
  await running
})

/** Message n has id `id-n`, key `k(n mod 3)`, property n, and is stored n milliseconds after the first. */
async function send(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const system = { messageId: `id-${n}`, keys: [`k${n % 3}`] }
    const stored = storedFor(system, { n: String(n) }, `body ${n}`)
    new DataView(stored.buffer, stored.byteOffset).setBigUint64(40, BigInt(STORED_MS + n))
    const request = { ...message('orders', `${n}`), messages: [stored], bytes: stored.byteLength }
    await sim.finish(sim.broker.operations.send(request))
  }
}

function numbersOf(found: readonly FoundMessage[]): number[] {
  return found.map(({ storedAtMs }) => storedAtMs - STORED_MS)
}

function browsing(changes: Partial<BrowseQuery> = {}): BrowseQuery {
  return {
    topic: 'orders',
    queueId: null,
    start: { from: 'offset', offset: 0 },
    endMs: Number.POSITIVE_INFINITY,
    filter: ALL_MESSAGES,
    messagesMax: 64,
    ...changes,
  }
}

describe('messages are found', () => {
  test('by id, in one topic or in all', async () => {
    await send(5)
    const found = await sim.finish(queries.byId('id-3', null, FOREVER))
    expect(found).toMatchObject([{ topic: 'orders', queueId: 1, offset: 1 }])
    expect(await sim.finish(queries.byId('id-3', 'orders', FOREVER))).toHaveLength(1)
    expect(await sim.finish(queries.byId('id-9', null, FOREVER))).toEqual([])
    await expect(sim.finish(queries.byId('id-3', 'nothing', FOREVER))).rejects.toMatchObject({
      code: 'TOPIC_NOT_FOUND',
    })
  })

  test('by key, the newest first, between two times', async () => {
    await send(12)
    const query = { topic: 'orders', key: 'k1', beginMs: 0, endMs: Number.POSITIVE_INFINITY, messagesMax: 64 }
    expect(numbersOf(await sim.finish(queries.byKey(query, FOREVER)))).toEqual([10, 7, 4, 1])
    const some = { ...query, beginMs: STORED_MS + 4, endMs: STORED_MS + 7, messagesMax: 1 }
    expect(numbersOf(await sim.finish(queries.byKey(some, FOREVER)))).toEqual([7])
    expect(await sim.finish(queries.byKey({ ...query, key: 'k' }, FOREVER))).toEqual([])
  })

  test('by place, if there is one', async () => {
    await send(4)
    expect(await queries.at('orders', 1, 1)).toMatchObject({ storedAtMs: STORED_MS + 3 })
    for (const [queueId, offset] of [
      [1, 2],
      [2, 0],
      [0, -1],
      [0, 0.5],
    ] as const) {
      expect(await queries.at('orders', queueId, offset)).toBeUndefined()
    }
  })

  test('one after the other over all queues, with a filter, and on from where an answer ended', async () => {
    await send(40)
    const all = await queries.browse(browsing())
    expect(numbersOf(all.messages)).toEqual(Array.from({ length: 40 }, (_, n) => n))
    expect(all.next).toEqual([])
    const filter = sqlFilterOf('n >= 10 AND n < 30')
    const first = await queries.browse(browsing({ filter, messagesMax: 15 }))
    expect(numbersOf(first.messages)).toEqual(Array.from({ length: 15 }, (_, n) => 10 + n))
    const rest = await queries.browse(browsing({ filter, start: { from: 'places', places: first.next } }))
    expect(numbersOf(rest.messages)).toEqual([25, 26, 27, 28, 29])
    expect(rest.next).toEqual([])
  })

  test('from a time or an offset on, in one queue, until a time', async () => {
    await send(20)
    const start = { from: 'time', timeMs: STORED_MS + 7 } as const
    const timed = await queries.browse(browsing({ start, endMs: STORED_MS + 11 }))
    expect(numbersOf(timed.messages)).toEqual([7, 8, 9, 10, 11])
    const placed = await queries.browse(browsing({ queueId: 1, start: { from: 'offset', offset: 8 } }))
    expect(numbersOf(placed.messages)).toEqual([17, 19])
    await expect(queries.browse(browsing({ queueId: 2 }))).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })
})

describe('a trace', () => {
  const bodies = (position: LogPosition): AsyncIterable<Uint8Array> =>
    sim.broker.ledger.kept.bodiesFrom(position)

  async function traced(queueId: number, offset: number): Promise<readonly string[]> {
    const queue = sim.broker.machine.topic('orders')?.queues[queueId] ?? -1
    const trace = await traceLog(bodies, 0 as LogPosition, queue, offset as never, FOREVER)
    expect(trace.complete).toBe(true)
    return trace.events.map(({ type, attempt }) => `${type} ${attempt}`)
  }

  function stands(queueId: number, offset: number): readonly string[] {
    const queue = sim.broker.machine.topic('orders')?.queues[queueId] ?? -1
    return standsOf(sim.broker.machine, queue, offset as never).map(
      ({ group, state, attempt }) => `${group} ${state} ${attempt}`,
    )
  }

  test('tells who has a message, who had it and who did not', async () => {
    await send(4)
    expect(stands(0, 0)).toEqual([])
    const [held] = await sim.finish(sim.receive({ topic: 'orders', messagesMax: 1 }))
    const at = [held?.queueId ?? -1, held?.offset ?? -1] as const
    expect(stands(...at)).toEqual(['g inFlight 1'])
    expect(await traced(...at)).toEqual(['delivered 1'])
    expect(stands(at[0], 1)).toEqual(['g waiting 0'])
    await sim.run(10_100)
    expect(stands(...at)).toEqual(['g visible 1'])
    const again = await sim.finish(sim.receive({ topic: 'orders', clientId: 'other' }))
    const late = held === undefined ? [] : [held.receipt]
    await sim.finish(
      sim.broker.operations.ack({ requestKey: requestKey(), clientId: 'client', receipts: late }),
    )
    expect(await traced(...at)).toEqual(['delivered 1', 'delivered 2'])
    const receipts = again.map(({ receipt }) => receipt)
    await sim.finish(sim.broker.operations.ack({ requestKey: requestKey(), clientId: 'other', receipts }))
    expect(stands(...at)).toEqual(['g done 0'])
    expect(await traced(...at)).toEqual(['delivered 1', 'delivered 2', 'acked 2'])
  })

  test('tells of changes and of deliveries that came back', async () => {
    await send(1)
    const [held] = await sim.finish(sim.receive({ topic: 'orders' }))
    if (held === undefined) throw new Error('there is a message')
    const change = {
      requestKey: requestKey(),
      clientId: 'client',
      receipt: held.receipt,
      invisibleMs: 30_000,
    }
    const { receipt } = await sim.finish(sim.broker.operations.changeInvisible(change))
    await sim.finish(sim.broker.operations.release([held.receipt]))
    await sim.finish(sim.broker.operations.release([receipt]))
    await sim.finish(sim.receive({ topic: 'orders' }))
    const got = ['delivered 1', 'changed 1', 'released 1', 'delivered 1']
    expect(await traced(held.queueId, held.offset)).toEqual(got)
  })
})
