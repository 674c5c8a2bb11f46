import { expect, test } from 'vitest'
import { bodyText, SimBroker, typed } from '../support/sim-broker.ts'

const PRIORITY = 6

async function start(queues: number): Promise<SimBroker> {
  const sim = await SimBroker.start()
  await sim.finish(sim.admin.createTopic('p', PRIORITY, queues))
  await sim.finish(sim.receive({ topic: 'p' }))
  return sim
}

async function send(sim: SimBroker, priorities: readonly number[]): Promise<void> {
  for (const [n, value] of priorities.entries()) {
    const request = typed('p', `${value}-${n}`, { messageType: PRIORITY, value })
    await sim.finish(sim.broker.operations.send(request))
  }
}

async function receiveAll(sim: SimBroker, messagesMax: number): Promise<string[]> {
  const got: string[] = []
  for (;;) {
    const messages = await sim.finish(sim.receive({ topic: 'p', messagesMax }))
    if (messages.length === 0) return got
    got.push(...messages.map(bodyText))
  }
}

test.each([1, 2, 32])('of a backlog the highest priority comes first, %i at a time', async (messagesMax) => {
  const sim = await start(4)
  await send(sim, [0, 3, 1, 2, 3, 0])
  expect(await receiveAll(sim, messagesMax)).toEqual(['3-1', '3-4', '2-3', '1-2', '0-0', '0-5'])
})

test('priorities above the number of queues share the last one, in the order of sending', async () => {
  const sim = await start(2)
  await send(sim, [0, 9, 1, 1_000_000])
  expect(await receiveAll(sim, 32)).toEqual(['9-1', '1-2', '1000000-3', '0-0'])
})

test('what is delivered again keeps its priority', async () => {
  const sim = await start(2)
  await send(sim, [1])
  await sim.finish(sim.receive({ topic: 'p', invisibleMs: 10_000 }))
  await send(sim, [0])
  await sim.run(10_100)
  expect(await receiveAll(sim, 1)).toEqual(['1-0', '0-0'])
})

test('a topic without priorities refuses a message with one, and the other way round', async () => {
  const sim = await start(2)
  await sim.finish(sim.admin.createTopic('plain', 1, 1))
  const wrong = typed('plain', 'a', { messageType: PRIORITY, value: 1 })
  await expect(sim.finish(sim.broker.operations.send(wrong))).rejects.toMatchObject({
    code: 'WRONG_MESSAGE_TYPE',
  })
  await expect(sim.send('p', ['b'])).rejects.toMatchObject({ code: 'WRONG_MESSAGE_TYPE' })
})

test('a topic of type LITE is refused when it is made, not at its first message', async () => {
  const sim = await SimBroker.start()
  await expect(sim.finish(sim.admin.createTopic('lite', 5, 1))).rejects.toMatchObject({
    code: 'NOT_IMPLEMENTED',
  })
})
