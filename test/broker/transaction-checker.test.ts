import { beforeEach, describe, expect, test } from 'vitest'
import { Prng } from '../../src/base/prng.ts'
import { parseTransactionId } from '../../src/broker/machine/index.ts'
import type { Resolution } from '../../src/broker/machine/transaction-commands.ts'
import { readStoredHeader } from '../../src/broker/machine/stored-message.ts'
import { bodyText, half, SimBroker } from '../support/sim-broker.ts'

const CONFIG = { checkAfterMs: 6_000, checkIntervalMs: 30_000, checksMax: 3 }

/** A broker whose producers are the test. */
class Case {
  /** Whether a producer of the topic can be reached. */
  reachable = true
  /** How often a message was offered, reachable or not. */
  offers = 0
  readonly checks: {
    readonly topic: string
    readonly id: string
    readonly body: string
    readonly at: number
  }[] = []
  sim!: SimBroker

  async start(after?: SimBroker): Promise<void> {
    const check = (topic: string, id: string, stored: Uint8Array): Promise<boolean> => {
      this.offers++
      const header = readStoredHeader(stored)
      const bodyAt = header === undefined ? 0 : header.headerBytes + header.bodyStart
      const body = Buffer.from(stored.subarray(bodyAt)).toString()
      if (this.reachable) this.checks.push({ topic, id, body, at: this.sim.clock.mono() })
      return Promise.resolve(this.reachable)
    }
    const relay = { check }
    this.sim = await SimBroker.start({ transactions: CONFIG, relay, ...(after && { after }) })
  }

  async half(body: string, checkMs = 0, topic = 't'): Promise<string> {
    const [result] = await this.sim.finish(this.sim.broker.operations.send(half(topic, body, checkMs)))
    return result?.transactionId ?? ''
  }

  end(id: string, resolution: Resolution, topic = 't'): Promise<void> {
    const known = parseTransactionId(id)
    if (known === undefined) throw new Error('the id is one of this broker')
    return this.sim.finish(this.sim.broker.operations.endTransaction({ topic, id: known, resolution }))
  }

  async received(topic = 't'): Promise<string[]> {
    const { sim } = this
    const wish = { topic, pollUntilMono: sim.clock.mono() + 20 }
    return (await sim.finish(sim.receive(wish))).map(bodyText)
  }

  open(id: string) {
    const known = parseTransactionId(id)
    return known && this.sim.broker.machine.transaction(known.transaction)
  }
}

let at: Case

beforeEach(async () => {
  at = new Case()
  await at.start()
  await at.sim.finish(at.sim.admin.createTopic('t', 4, 2))
  await at.sim.finish(at.sim.broker.operations.contact('g', ['t'], 'client'))
})

describe('a transaction', () => {
  test('is received after its commit and not before, never after a rollback', async () => {
    const [one, two] = [await at.half('one'), await at.half('two')]
    expect(await at.received()).toEqual([])
    await at.end(two, 'rollback')
    await at.end(one, 'commit')
    expect(await at.received()).toEqual(['one'])
    await at.end(one, 'commit')
    await expect(at.end(one, 'rollback')).rejects.toMatchObject({ code: 'INVALID_TRANSACTION_ID' })
    expect(await at.received()).toEqual([])
  })

  test('wakes a receiver that waits, with its commit', async () => {
    const id = await at.half('one')
    const waiting = at.sim.receive({ pollUntilMono: at.sim.clock.mono() + 20_000 })
    await at.sim.run(1_000)
    await at.end(id, 'commit')
    expect((await at.sim.finish(waiting)).map(bodyText)).toEqual(['one'])
  })

  test('of another topic cannot be ended under this one', async () => {
    await at.sim.finish(at.sim.admin.createTopic('u', 4, 1))
    const id = await at.half('one')
    await expect(at.end(id, 'commit', 'u')).rejects.toMatchObject({ code: 'INVALID_TRANSACTION_ID' })
    await expect(at.end(id, 'commit', 'nowhere')).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' })
  })

  test('of a crashed broker is ended by the next one, with the id of before', async () => {
    const [one, two] = [await at.half('one'), await at.half('two')]
    await at.end(two, 'commit')
    at.sim.crash(new Prng(1))
    await at.start(at.sim)
    await at.end(one, 'commit')
    await at.end(two, 'commit')
    await expect(at.end(two, 'rollback')).rejects.toMatchObject({ code: 'INVALID_TRANSACTION_ID' })
    expect((await at.received()).toSorted()).toEqual(['one', 'two'])
  })
})

describe('a check', () => {
  test('comes after six seconds or when the message says, then every thirty seconds', async () => {
    const start = at.sim.clock.mono()
    const [slow, quick] = [await at.half('slow'), await at.half('quick', 2_000)]
    await at.sim.run(35_000, 100)
    const times = (id: string) =>
      at.checks.filter((one) => one.id === id).map((one) => Math.round((one.at - start) / 1000))
    expect(times(quick)).toEqual([2, 32])
    expect(times(slow)).toEqual([6])
    expect(at.checks[0]).toMatchObject({ topic: 't', body: 'quick' })
  })

  test('is not made of what was ended, and stops when a producer answers', async () => {
    const [one, two] = [await at.half('one'), await at.half('two')]
    await at.end(one, 'commit')
    await at.sim.run(7_000, 100)
    expect(at.checks.map(({ id }) => id)).toEqual([two])
    await at.end(two, 'rollback')
    await at.sim.run(60_000, 500)
    expect(at.checks).toHaveLength(1)
  })

  test('counts only when it reached a producer', async () => {
    at.reachable = false
    const id = await at.half('one')
    await at.sim.run(200_000, 500)
    expect(at.open(id)).toMatchObject({ checks: 0, parked: false })
    at.reachable = true
    await at.sim.run(5_000, 100)
    expect(at.checks.map(({ id: asked }) => asked)).toEqual([id])
    expect(at.open(id)).toMatchObject({ checks: 1 })
  })

  test('is offered one at a time while no producer can be reached, and all at once when one can', async () => {
    at.reachable = false
    for (let i = 0; i < 20; i++) await at.half(`half ${i}`)
    await at.sim.run(10_000, 500)
    expect(at.offers).toBeLessThanOrEqual(4)
    at.reachable = true
    await at.sim.run(3_000, 500)
    expect(at.checks).toHaveLength(20)
  })

  test('of a topic whose producers are away does not hold up another topic', async () => {
    await at.sim.finish(at.sim.admin.createTopic('u', 4, 1))
    at.reachable = false
    for (let i = 0; i < 5; i++) await at.half(`away ${i}`)
    await at.sim.run(10_000, 500)
    const asked: string[] = []
    at.reachable = true
    const id = await at.half('here', 1, 'u')
    await at.sim.run(3_000, 100)
    asked.push(...at.checks.map((one) => one.id))
    expect(asked).toContain(id)
  })

  test('is not made more often than allowed: then the transaction is parked and can still be committed', async () => {
    const id = await at.half('one')
    await at.sim.run(6_000 + 3 * 30_000 + 5_000, 500)
    expect(at.checks).toHaveLength(CONFIG.checksMax)
    expect(at.open(id)).toMatchObject({ parked: true, checks: 3 })
    await at.sim.run(100_000, 500)
    expect(at.checks).toHaveLength(CONFIG.checksMax)
    await at.end(id, 'commit')
    expect(await at.received()).toEqual(['one'])
  })

  test('goes on with the next leader where the last one was', async () => {
    const id = await at.half('one')
    await at.sim.run(20_000, 500)
    expect(at.checks).toHaveLength(1)
    at.sim.crash(new Prng(2))
    await at.start(at.sim)
    await at.sim.run(12_000, 500)
    expect(at.checks).toHaveLength(1)
    expect(at.open(id)).toMatchObject({ checks: 1 })
    await at.sim.run(15_000, 500)
    expect(at.checks).toHaveLength(2)
  })
})
