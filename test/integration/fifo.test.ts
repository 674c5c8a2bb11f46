/** Messages of one message group in order, with the official Node client, while the leader dies and queues are added. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Delivered,
  DrainingConsumer,
  startProducer,
  until,
} from '../../jepsen-like/workloads/official-client.ts'
import { Group, type Member, sleep } from './group.ts'

const TOPIC = 'carts'
const CARTS = 12
const EACH = 60
const UNANSWERED_EACH = 4
let group: Group

beforeAll(async () => {
  group = await Group.start()
})

afterAll(async () => {
  await group.close()
})

/** Sends what belongs into one cart, a few at a time without waiting for an answer. */
async function fill(
  producer: Awaited<ReturnType<typeof startProducer>>,
  cart: string,
  from: number,
  to: number,
) {
  const failed: string[] = []
  let unanswered: Promise<unknown>[] = []
  for (let n = from; n < to; n++) {
    const body = Buffer.from(`${cart}:${n}`)
    const sent = producer.send({ topic: TOPIC, messageGroup: cart, body })
    unanswered.push(sent.catch((error: unknown) => failed.push(String(error))))
    if (unanswered.length < UNANSWERED_EACH) continue
    await Promise.all(unanswered)
    unanswered = []
  }
  await Promise.all(unanswered)
  return failed
}

/** What came out of turn: later messages only after all before, repeats only from an attempt after the first. */
function outOfTurn(delivered: readonly Delivered[]): string[] {
  const next = new Map<string, number>()
  return delivered.flatMap(({ body, attempt }) => {
    const [cart = '', number] = body.split(':')
    const expected = next.get(cart) ?? 0
    const n = Number(number)
    next.set(cart, n + 1)
    return n === expected || (n < expected && attempt > 1)
      ? []
      : [`${body}, attempt ${attempt}, not ${expected}`]
  })
}

test('carts stay in order through the death of the leader and a growing topic', async () => {
  const leader = await group.healthy()
  const [node, other] = group.others(leader) as [Member, Member]
  await node.admin.call('CreateTopic', { name: TOPIC, queueCount: 3, messageType: 2 })
  await node.admin.call('CreateGroup', { name: 'shop', fifo: true })
  const consumer = await DrainingConsumer.start(other.endpoint, TOPIC, 'shop', 10_000)
  const producer = await startProducer(node.endpoint, TOPIC)
  const carts = Array.from({ length: CARTS }, (_, n) => `cart-${n}`)
  const half = await Promise.all(carts.map((cart) => fill(producer, cart, 0, EACH / 2)))
  await node.admin.call('UpdateTopic', { name: TOPIC, queueCount: 8 })
  const rest = carts.map((cart) => fill(producer, cart, EACH / 2, EACH))
  await sleep(50)
  await leader.signal('SIGKILL')
  const failed = [...half, ...(await Promise.all(rest))].flat()
  expect(failed).toEqual([])
  await until('everything came', 60_000, () => consumer.bodies().size === CARTS * EACH)
  leader.start()
  await group.healthy()
  await producer.shutdown()
  await consumer.stop()
  expect(outOfTurn(consumer.delivered)).toEqual([])
  await group.sameDigest()
}, 90_000)
