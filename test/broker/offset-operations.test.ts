import { beforeEach, describe, expect, test } from 'vitest'
import { millis } from '../../src/base/brand.ts'
import type { PullRequest, PullResult } from '../../src/broker/offset-operations.ts'
import { ALL_MESSAGES, parseTagFilter } from '../../src/broker/tag-filter.ts'
import { bodyText, groupWish, requestKey, SimBroker } from '../support/sim-broker.ts'

let sim: SimBroker

beforeEach(async () => {
  sim = await SimBroker.start()
  await sim.finish(sim.admin.createTopic('t', 0, 1))
})

function pull(request: Partial<PullRequest> = {}): Promise<PullResult> {
  return sim.broker.queueReads.pull({
    group: 'puller',
    topic: 't',
    queueId: 0,
    offset: 0,
    filter: ALL_MESSAGES,
    messagesMax: 32,
    pollUntilMono: sim.clock.mono(),
    signal: new AbortController().signal,
    ...request,
  })
}

function update(offset: number, group = 'puller', key = requestKey()): Promise<void> {
  const name = { topic: 't', queueId: 0 }
  return sim.finish(sim.broker.queueReads.updateOffset({ requestKey: key, group, offset, ...name }))
}

const get = (group = 'puller') =>
  sim.finish(sim.broker.queueReads.getOffset(group, { topic: 't', queueId: 0 }))
const bodies = ({ messages }: PullResult) => messages.map((one) => bodyText(one as never))

describe('a pull', () => {
  test('gives the messages from its offset on, again and again, to any group', async () => {
    await sim.send('t', ['a', 'b', 'c'])
    expect(bodies(await sim.finish(pull()))).toEqual(['a', 'b', 'c'])
    const again = await sim.finish(pull({ offset: 1, messagesMax: 1, group: 'other' }))
    expect([bodies(again), again.nextOffset]).toEqual([['b'], 2])
    expect(await sim.finish(sim.receive({ group: 'g' }))).toHaveLength(3)
    expect(bodies(await sim.finish(pull()))).toEqual(['a', 'b', 'c'])
  })

  test('at the end waits, and is woken by the first message', async () => {
    await sim.send('t', ['a'])
    const waiting = pull({ offset: 1, pollUntilMono: sim.clock.mono() + 20_000 })
    await sim.run(50)
    const before = sim.clock.mono()
    await sim.send('t', ['b'])
    expect(bodies(await sim.finish(waiting))).toEqual(['b'])
    expect(sim.clock.mono() - before).toBeLessThan(100)
    expect(sim.broker.arrivals.parked).toBe(0)
  })

  test('ends empty at its polling time with the offset to go on from', async () => {
    const start = sim.clock.mono()
    const empty = await sim.finish(pull({ pollUntilMono: start + 1_000 }))
    expect(empty).toEqual({ messages: [], nextOffset: 0 })
    expect(sim.clock.mono() - start).toBeGreaterThanOrEqual(1_000)
  })

  test('passes over what does not match, also when nothing does', async () => {
    await sim.send('t', ['r1', 'r2'], 'red')
    await sim.send('t', ['b1'], 'blue')
    await sim.send('t', ['r3'], 'red')
    const filter = parseTagFilter('blue')
    if (filter === undefined) throw new Error('the filter is legal')
    const blue = await sim.finish(pull({ filter }))
    expect([bodies(blue), blue.nextOffset]).toEqual([['b1'], 4])
    expect(await sim.finish(pull({ filter, offset: 3 }))).toEqual({ messages: [], nextOffset: 4 })
  })

  test('behind the end, of a queue or a topic that is not there, is refused', async () => {
    await expect(sim.finish(pull({ offset: 1 }))).rejects.toMatchObject({ code: 'ILLEGAL_OFFSET' })
    await expect(sim.finish(pull({ queueId: 1 }))).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(sim.finish(pull({ topic: 'x' }))).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' })
  })

  test('whose topic is deleted meanwhile hears so', async () => {
    const waiting = pull({ pollUntilMono: sim.clock.mono() + 1_000 })
    const heard = expect(waiting).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' })
    await sim.run(50)
    await sim.finish(sim.admin.deleteTopic('t'))
    await sim.run(1_000)
    await heard
  })
})

describe('offsets', () => {
  test('are what was stored last, by group; without any there is none', async () => {
    await sim.send('t', ['a', 'b'])
    await expect(get()).rejects.toMatchObject({ code: 'GROUP_NOT_FOUND' })
    await update(2)
    await update(1)
    expect(await get()).toBe(1)
    await sim.finish(sim.admin.createGroup(groupWish('new', 'default', 0, 0)))
    await expect(get('new')).rejects.toMatchObject({ code: 'OFFSET_NOT_FOUND' })
    await expect(update(3)).rejects.toMatchObject({ code: 'ILLEGAL_OFFSET' })
  })

  test('of a group that only receives are how far it has consumed', async () => {
    await sim.send('t', ['a', 'b'])
    const got = await sim.finish(sim.receive({ group: 'g' }))
    expect(await get('g')).toBe(0)
    const receipts = got.map(({ receipt }) => receipt)
    await sim.finish(sim.broker.operations.ack({ requestKey: requestKey(), clientId: 'c', receipts }))
    expect(await get('g')).toBe(2)
  })

  test('of a queue are its beginning, its end, and the first message of a time', async () => {
    await sim.send('t', ['a', 'b', 'c'])
    const query = (policy: 'beginning' | 'end' | { time: ReturnType<typeof millis> }) =>
      sim.finish(sim.broker.queueReads.queryOffset({ topic: 't', queueId: 0 }, policy))
    expect(await query('beginning')).toBe(0)
    expect(await query('end')).toBe(3)
    // Messages of the simulated broker are stored at 1.
    expect(await query({ time: millis(1) })).toBe(0)
    expect(await query({ time: millis(2) })).toBe(3)
  })

  test('that were read made no entry of the log', async () => {
    await sim.send('t', ['a'])
    await update(1)
    const before = sim.broker.ledger.status.lastIndex
    await get()
    await sim.finish(pull({ offset: 0 }))
    await sim.finish(pull({ topic: 'x' }).catch(() => undefined))
    expect(sim.broker.ledger.status.lastIndex).toBe(before)
  })
})
