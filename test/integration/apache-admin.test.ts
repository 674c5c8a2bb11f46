/** apache.rocketmq.v2.Admin on a real group: what each call says and does, seen at a follower, and after a leader's death. */
import { ConsumeResult, PushConsumer } from 'rocketmq-client-nodejs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ApacheAdminCalls } from '../../src/rpc/apache-admin-types.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import { openClient, type ServiceClient } from '../../src/rpc/client.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import { Group } from './group.ts'

const TOPIC = { name: 'orders' }
const GROUP = { name: 'billing' }

let group: Group
let client: ServiceClient<ApacheAdminCalls>
let consumer: PushConsumer
const got: string[] = []

function call<Name extends keyof ApacheAdminCalls>(
  name: Name,
  request: Draft<ApacheAdminCalls[Name]['request']>,
): Promise<ApacheAdminCalls[Name]['response']> {
  return client.call(name, request, { timeoutMs: 15_000 })
}

beforeAll(async () => {
  group = await Group.start()
  const [follower] = group.others(await group.leader())
  if (follower === undefined) throw new Error('a group of three has a follower')
  await follower.admin.createTopic(TOPIC.name, 2)
  client = openClient({ service: 'apache.rocketmq.v2.Admin', address: follower.endpoint })
  consumer = new PushConsumer({
    endpoints: follower.endpoint,
    namespace: '',
    consumerGroup: GROUP.name,
    subscriptions: new Map([[TOPIC.name, '*']]),
    messageListener: {
      consume: (message) => {
        got.push(message.body.toString())
        return ConsumeResult.SUCCESS
      },
    },
  })
  await consumer.startup()
})

afterAll(async () => {
  await consumer.shutdown()
  client.close()
  await group.close()
})

test('a message that an operator sends is consumed, found by key, id and time, and tried again', async () => {
  const before = Math.floor(Date.now() / 1000) - 60
  const sent = await call('AdminSendMessage', {
    topic: TOPIC,
    key: 'k1',
    tag: 'a',
    body: Buffer.from('one'),
    userProperties: { from: 'operator' },
  })
  expect(sent.status?.code).toBe(Code.OK)
  await expect.poll(() => got, { timeout: 20_000 }).toEqual(['one'])
  for (const search of [
    { messageId: sent.messageId },
    { messageKey: 'k1' },
    { subscription: 'a || b' },
    {},
  ]) {
    const { status, messages } = await call('QueryMessage', {
      topic: TOPIC,
      maxMessageNums: 10,
      beginTimestamp: { seconds: before, nanos: 0 },
      ...search,
    })
    expect(status?.code).toBe(Code.OK)
    expect(messages.map(({ body }) => body.toString())).toEqual(['one'])
    expect(messages[0]?.userProperties).toEqual({ from: 'operator' })
  }
  const none = await call('QueryMessage', { topic: TOPIC, messageKey: 'k2', maxMessageNums: 10 })
  expect([none.status?.code, none.messages]).toEqual([Code.OK, []])
})

test('what a topic is, who reads it and how far they are is told', async () => {
  const described = await call('DescribeTopicStatus', { topic: TOPIC })
  expect(described).toMatchObject({
    topicMessageType: 1,
    tags: { 'message.type': 'NORMAL', 'queue.count': '2' },
  })
  const { topicRouteData } = await call('GetTopicRoute', { topic: TOPIC })
  expect(JSON.parse(topicRouteData)).toMatchObject({ queueDatas: [{ readQueueNums: 2, perm: 6 }] })
  const listed = await call('ListSubscription', { topic: TOPIC })
  expect(listed.subscriptionInfo).toMatchObject([
    {
      group: GROUP,
      topic: TOPIC,
      online: true,
      subscriptionConsistency: true,
      expression: { expression: '*' },
    },
  ])
  const members = await call('DescribeSubscription', { group: GROUP })
  expect(members.clientSubscriptionInfo).toHaveLength(1)
  const connected = await call('ListConsumerConnection', { group: GROUP })
  expect(connected.clientInfo).toMatchObject([{ language: 'NODE_JS' }])
  const clientId = connected.clientInfo[0]?.clientId ?? ''
  const running = await call('GetConsumerRunningInfo', { group: GROUP, clientId })
  expect(running.consumerRunningInfo?.subscriptions).toHaveProperty(TOPIC.name)
  const behind = await call('DescribeGroupAccumulation', { group: GROUP })
  expect(behind.accumulation).toMatchObject({ accumulation: 0, inflightMessages: 0 })
  const spans = await call('QueryTimeSpan', { group: GROUP, topics: [TOPIC] })
  expect(Math.max(...spans.queueTimeSpanList.map(({ maxTimestamp }) => maxTimestamp))).toBeGreaterThan(
    Date.now() - 60_000,
  )
  const stats = await call('GetProxyRuntimeStats', {})
  expect(stats).toMatchObject({ connections: 1, consumers: 1, producers: 0 })
  expect((await call('ChangeLogLevel', { level: 1 })).remark).toContain('debug')
  for (const answer of [
    await call('DescribeTopicStatus', { topic: { name: 'nobody' } }),
    await call('GetTopicRoute', { topic: { name: 'nobody' } }),
  ]) {
    expect(answer.status?.code).toBe(Code.TOPIC_NOT_FOUND)
  }
  expect((await call('PrintThreadStackTrace', { clientId: 'nobody' })).status?.code).not.toBe(Code.OK)
})

test('a group goes back to a time, and forgets a subscription, also for the next leader', async () => {
  got.length = 0
  const reset = await call('ResetGroupOffset', {
    group: GROUP,
    topic: TOPIC,
    resetTimestamp: { seconds: 0, nanos: 0 },
  })
  expect(reset.status?.code).toBe(Code.OK)
  await expect.poll(() => got, { timeout: 20_000 }).toEqual(['one'])
  await consumer.shutdown()
  expect((await call('DeleteSubscription', { group: GROUP, topic: TOPIC })).status?.code).toBe(Code.OK)
  const leader = await group.leader()
  await leader.signal('SIGKILL')
  await group.leader()
  const after = await call('ListSubscription', { topic: TOPIC })
  expect([after.status?.code, after.subscriptionInfo]).toEqual([Code.OK, []])
  leader.start()
  await group.healthy()
})
