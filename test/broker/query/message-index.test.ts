import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { QueueOffset } from '../../../src/base/brand.ts'
import { encodeCommand } from '../../../src/broker/machine/index.ts'
import type { QueueNumber } from '../../../src/broker/machine/commands.ts'
import { MessageReader } from '../../../src/broker/message-reader.ts'
import { MessageIndex } from '../../../src/broker/query/message-index.ts'
import { wordHash } from '../../../src/broker/query/message-words.ts'
import { message, SimBroker } from '../../support/sim-broker.ts'
import { SimKv } from '../../support/sim-kv.ts'
import { storedFor } from '../../support/stored.ts'
import { QuietLogger } from '../../support/manual-clock.ts'

let sim: SimBroker
let kv: SimKv
let stop: AbortController
let running: Promise<void>

beforeEach(async () => {
  sim = await SimBroker.start()
  kv = new SimKv()
  stop = new AbortController()
  running = Promise.resolve()
  await sim.finish(sim.admin.createTopic('orders', 0, 2))
  await sim.finish(sim.admin.createTopic('other', 0, 1))
})

afterEach(async () => {
  stop.abort()
  await running
})

async function open(): Promise<MessageIndex> {
  const { machine, ledger } = sim.broker
  const reader = new MessageReader(machine, ledger)
  const applied = (): typeof machine.appliedIndex => machine.appliedIndex
  return MessageIndex.open({
    kv,
    view: machine,
    reader,
    applied,
    clock: sim.clock,
    logger: new QuietLogger(),
  })
}

async function started(): Promise<MessageIndex> {
  const index = await open()
  running = index.run(stop.signal)
  return index
}

async function send(topic: string, messageId: string, keys: readonly string[] = []): Promise<void> {
  const stored = storedFor({ messageId, keys: [...keys] }, {}, messageId)
  const request = { ...message(topic, messageId), messages: [stored], bytes: stored.byteLength }
  await sim.finish(sim.broker.operations.send(request))
}

function queuesOf(topic: string): readonly QueueNumber[] {
  return sim.broker.machine.topic(topic)?.queues ?? []
}

function idOf(topic: string): number {
  return sim.broker.machine.topic(topic)?.id ?? -1
}

async function caughtUp(index: MessageIndex): Promise<void> {
  const all = [...queuesOf('orders'), ...queuesOf('other')]
  await sim.finish(index.caughtUp(all, new AbortController().signal))
}

describe('the message index', () => {
  test('finds messages by id in all topics and by each word of their keys in one', async () => {
    const index = await started()
    await send('orders', 'id-1', ['red', 'blue green'])
    await send('other', 'id-2', ['red'])
    await caughtUp(index)
    const [first] = queuesOf('orders')
    const [other] = queuesOf('other')
    expect(await index.find(null, wordHash('id-1'))).toEqual([{ queue: first, offset: 0 }])
    expect(await index.find(null, wordHash('id-2'))).toEqual([{ queue: other, offset: 0 }])
    for (const word of ['red', 'blue', 'green']) {
      expect(await index.find(idOf('orders'), wordHash(word))).toEqual([{ queue: first, offset: 0 }])
    }
    expect(await index.find(idOf('other'), wordHash('red'))).toEqual([{ queue: other, offset: 0 }])
    expect(await index.find(idOf('other'), wordHash('blue'))).toEqual([])
    expect(index.behind).toBe(0)
  })

  test('goes on where it stood, and is made again when its folder was deleted', async () => {
    for (let i = 0; i < 300; i++) await send('orders', `id-${i}`, ['all'])
    const first = await started()
    await caughtUp(first)
    stop.abort()
    await running
    stop = new AbortController()
    const again = await open()
    expect(again.behind).toBe(0)
    kv = new SimKv()
    const anew = await started()
    expect(anew.behind).toBe(300)
    await caughtUp(anew)
    expect(await anew.find(idOf('orders'), wordHash('all'))).toHaveLength(300)
  })

  test('forgets what retention took away and topics that were deleted', async () => {
    const index = await started()
    for (let i = 0; i < 300; i++) await send('other', `id-${i}`, ['all'])
    await send('orders', 'kept', ['all'])
    await caughtUp(index)
    const [queue] = queuesOf('other')
    if (queue === undefined) throw new Error('the topic has a queue')
    const queues = [{ queue, minOffset: 280 as QueueOffset }]
    await sim.finish(sim.broker.ledger.propose(encodeCommand({ type: 'trim', queues })))
    await sim.run(2_000)
    const left = await index.find(idOf('other'), wordHash('all'))
    expect(left[0]?.offset).toBeGreaterThan(128)
    expect(left.at(-1)?.offset).toBe(299)
    const other = idOf('other')
    await sim.finish(sim.admin.deleteTopic('other'))
    await sim.run(2_000)
    expect(await index.find(other, wordHash('all'))).toEqual([])
    expect(await index.find(null, wordHash('id-299'))).toEqual([])
    expect(await index.find(null, wordHash('kept'))).toHaveLength(1)
  })

  test('waits while the queues of this member are older than what is indexed', async () => {
    await send('orders', 'id-1')
    await kv.batch([{ key: Uint8Array.of(4), value: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 4, 0) }])
    const index = await started()
    await sim.run(1_000)
    expect(index.behind).toBe(1)
  })

  test('says that it is behind when the time of who waits is over', async () => {
    const index = await open()
    await send('orders', 'id-1')
    const gone = new AbortController()
    const waiting = index.caughtUp(queuesOf('orders'), gone.signal)
    gone.abort()
    await expect(sim.finish(waiting)).rejects.toMatchObject({ code: 'BUSY' })
  })

  test('goes on after its tables failed once', async () => {
    await send('orders', 'id-1')
    let failures = 1
    kv.hook = (call) => {
      if (call === 'batch' && failures-- > 0) throw new Error('disk')
    }
    const index = await started()
    await caughtUp(index)
    expect(await index.find(null, wordHash('id-1'))).toHaveLength(1)
  })
})
