import { beforeEach, expect, test } from 'vitest'
import type { ResetWish } from '../../src/broker/offset-reset.ts'
import { bodyText, groupWish, requestKey, SimBroker } from '../support/sim-broker.ts'

let sim: SimBroker

beforeEach(async () => {
  sim = await SimBroker.start()
  await sim.finish(sim.admin.createTopic('t', 0, 2))
  await sim.finish(sim.admin.createGroup(groupWish('g', 'default', 0, 0)))
  await sim.send('t', ['a', 'b', 'c', 'd'])
})

function reset(to: string, value = 0, queueId?: number, changes: Partial<ResetWish> = {}) {
  const wish = { requestKey: requestKey(), group: 'g', topic: 't', to, value, queueId, ...changes }
  return sim.finish(sim.broker.offsetReset.reset(wish))
}

const bodies = async () => (await sim.finish(sim.receive())).map(bodyText).toSorted()
const both = (offset: number) => [0, 1].map((queueId) => ({ queueId, offset }))

test('a group that never read the topic begins where it is set to', async () => {
  expect(await reset('latest')).toEqual(both(2))
  expect(await bodies()).toEqual([])
})

test('the beginning, the end, a time and an offset', async () => {
  expect(await bodies()).toHaveLength(4)
  expect(await reset('earliest')).toEqual(both(0))
  expect(await bodies()).toEqual(['a', 'b', 'c', 'd'])
  // Messages of the simulated broker are stored at 1.
  expect(await reset('time', 1)).toEqual(both(0))
  expect(await reset('time', 2)).toEqual(both(2))
  expect(await reset('offset', 1)).toEqual(both(1))
  expect(await bodies()).toHaveLength(2)
  expect(await reset('offset', 77)).toEqual(both(2))
})

test('one queue alone', async () => {
  await bodies()
  expect(await reset('earliest', 0, 1)).toEqual([{ queueId: 1, offset: 0 }])
  expect(await bodies()).toHaveLength(2)
})

test('a receiver that waits gets what is before it again, and an old receipt counts no more', async () => {
  const [old] = await sim.finish(sim.receive())
  const waiting = sim.receive({ pollUntilMono: sim.clock.mono() + 20_000 })
  await sim.run(50)
  await reset('earliest')
  const again = await sim.finish(waiting)
  expect(again.map(({ attempt }) => attempt)).toEqual(again.map(() => 1))
  const receipts = old === undefined ? [] : [old.receipt]
  const acked = sim.broker.operations.ack({ requestKey: requestKey(), clientId: 'c', receipts })
  expect(await sim.finish(acked)).toEqual([false])
})

test('a call that is repeated resets once', async () => {
  const key = requestKey()
  await reset('earliest', 0, undefined, { requestKey: key })
  expect(await bodies()).toHaveLength(4)
  expect(await reset('earliest', 0, undefined, { requestKey: key })).toEqual(both(2))
  expect(await bodies()).toEqual([])
})

test('skipping everything means what came back to the group too, and describes it so', async () => {
  for (const { receipt } of await sim.finish(sim.receive())) {
    const request = {
      requestKey: requestKey(),
      clientId: 'c',
      group: 'g',
      topic: 't',
      receipt,
      messageId: '',
    }
    await sim.finish(sim.broker.deadLetters.forward(request))
  }
  const until = await sim.finish(sim.broker.deadLetters.planRedrive('g', 10))
  await sim.finish(sim.broker.deadLetters.redrive({ group: 'g', to: 't', until }))
  expect(sim.admin.describeGroup('g').summary.lag).toBe(4)
  await reset('latest')
  expect(sim.admin.describeGroup('g').summary.lag).toBe(0)
  expect(await bodies()).toEqual([])
})

test('an offset that the group keeps itself is set, and shown with its lag', async () => {
  const name = { topic: 't', queueId: 0 }
  const update = { requestKey: requestKey(), group: 'puller', offset: 2, ...name }
  await sim.finish(sim.broker.queueReads.updateOffset(update))
  expect(await reset('earliest', 0, undefined, { group: 'puller' })).toEqual([{ queueId: 0, offset: 0 }])
  expect(await sim.finish(sim.broker.queueReads.getOffset('puller', name))).toBe(0)
  expect(sim.admin.describeGroup('puller').queues).toMatchObject([
    { topic: 't', queueId: 0, storedOffset: 0, lag: 2, committed: 0, missed: 0 },
  ])
})

test('what cannot be meant is refused', async () => {
  await expect(reset('yesterday')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await expect(reset('offset', -1)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await expect(reset('latest', 0, 5)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await expect(reset('latest', 0, undefined, { group: 'x' })).rejects.toMatchObject({
    code: 'GROUP_NOT_FOUND',
  })
  await expect(reset('latest', 0, undefined, { topic: 'x' })).rejects.toMatchObject({
    code: 'TOPIC_NOT_FOUND',
  })
})
