/** The push consumer of the official Node client, with its retries. */
import { ConsumeResult, PushConsumer } from 'rocketmq-client-nodejs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProducer, until } from '../../jepsen-like/workloads/official-client.ts'
import { Group, type Member } from './group.ts'

const TOPIC = 'pushed'
let group: Group

beforeAll(async () => {
  group = await Group.start()
})

afterAll(async () => {
  await group.close()
})

test('a push consumer of the official client gets everything and again what it did not take', async () => {
  const leader = await group.healthy()
  const follower = group.others(leader)[0] as Member
  await follower.admin.createTopic(TOPIC)
  const producer = await startProducer(follower.endpoint, TOPIC)
  const seen = new Map<string, number>()
  const consumer = new PushConsumer({
    endpoints: leader.endpoint,
    namespace: '',
    consumerGroup: 'push',
    subscriptions: new Map([[TOPIC, '*']]),
    messageListener: {
      async consume(message: { body: Buffer }) {
        const body = message.body.toString()
        seen.set(body, (seen.get(body) ?? 0) + 1)
        return body === 'm3' && seen.get(body) === 1 ? ConsumeResult.FAILURE : ConsumeResult.SUCCESS
      },
    },
  } as unknown as ConstructorParameters<typeof PushConsumer>[0])
  await consumer.startup()
  for (let n = 0; n < 10; n++) await producer.send({ topic: TOPIC, body: Buffer.from(`m${n}`) })
  await until('everything came, one message twice', 60_000, () => seen.size === 10 && seen.get('m3') === 2)
  expect([...seen.values()].reduce((sum, count) => sum + count, 0)).toBe(11)
  await consumer.shutdown()
  await producer.shutdown()
}, 90_000)
