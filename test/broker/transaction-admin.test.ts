import { beforeEach, describe, expect, test } from 'vitest'
import { readStoredHeader } from '../../src/broker/machine/stored-message.ts'
import { TransactionAdmin } from '../../src/broker/transaction-admin.ts'
import { half, SimBroker } from '../support/sim-broker.ts'

const ALL = { topic: '', parkedOnly: false, limit: 0, after: '' }
let sim: SimBroker
let admin: TransactionAdmin

beforeEach(async () => {
  const relay = { check: (topic: string) => Promise.resolve(topic === 'decided') }
  const transactions = { checkAfterMs: 1_000, checkIntervalMs: 500, checksMax: 1 }
  sim = await SimBroker.start({ relay, transactions })
  await sim.finish(sim.admin.createTopic('t', 4, 1))
  await sim.finish(sim.admin.createTopic('decided', 4, 1))
  const { machine, ledger, reader, operations } = sim.broker
  admin = new TransactionAdmin(machine, ledger, reader, operations)
})

async function open(topic: string, body: string): Promise<string> {
  const [result] = await sim.finish(sim.broker.operations.send(half(topic, body, 1_000)))
  return result?.transactionId ?? ''
}

describe('an operator', () => {
  test('lists what is open, the oldest first, part by part', async () => {
    const ids: string[] = []
    for (let i = 0; i < 5; i++) ids.push(await open('t', `half ${i}`))
    const first = await sim.finish(admin.list({ ...ALL, limit: 2 }))
    expect(first).toMatchObject({ open: 5, parked: 0, more: true })
    const rest = await sim.finish(admin.list({ ...ALL, after: ids[1] ?? '' }))
    expect(rest.more).toBe(false)
    expect([...first.transactions, ...rest.transactions].map((one) => one.transactionId)).toEqual(ids)
    expect(first.transactions[0]).toMatchObject({ topic: 't', checks: 0, parked: false })
  })

  test('lists what is parked or of one topic alone', async () => {
    await open('t', 'waits')
    const parked = await open('decided', 'was asked')
    await sim.run(5_000, 100)
    const found = await sim.finish(admin.list({ ...ALL, parkedOnly: true }))
    expect(found.transactions).toMatchObject([
      { transactionId: parked, topic: 'decided', parked: true, checks: 1 },
    ])
    expect((await sim.finish(admin.list({ ...ALL, topic: 't' }))).transactions).toHaveLength(1)
    const unknown = admin.list({ ...ALL, topic: 'nowhere' })
    await expect(sim.finish(unknown)).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' })
  })

  test('sees the message, and ends the transaction in the place of its producer', async () => {
    const [one, two] = [await open('t', 'one'), await open('t', 'two')]
    const { stored } = await sim.finish(admin.show(one))
    expect(readStoredHeader(stored)?.bodyLength).toBe(3)
    await sim.finish(admin.end(one, true))
    await sim.finish(admin.end(one, true))
    await sim.finish(admin.end(two, false))
    const refused = { code: 'INVALID_TRANSACTION_ID' }
    await expect(sim.finish(admin.show(one))).rejects.toMatchObject(refused)
    await expect(sim.finish(admin.end(one, false))).rejects.toMatchObject(refused)
    await expect(sim.finish(admin.end('rubbish', true))).rejects.toMatchObject(refused)
    expect(
      sim.broker.machine.topic('t')?.queues.map((queue) => sim.broker.machine.queue(queue)?.nextOffset),
    ).toEqual([1])
  })
})
