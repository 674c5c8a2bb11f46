/** The facade of a real group, called with every oddity that clients have. */
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Code } from '../../src/rpc/apache-enums.ts'
import { Group, type Member, sleep } from './group.ts'
import { newMessageId, RawClient } from './raw-client.ts'

const MIB = 1024 * 1024
let group: Group
let leader: Member
let follower: Member
let clients: RawClient[] = []
let topics = 0

beforeAll(async () => {
  group = await Group.start()
  leader = await group.healthy()
  follower = group.others(leader)[0] as Member
})

afterAll(async () => {
  for (const client of clients) client.close()
  clients = []
  await group.close()
})

function client(member: Member, clientId?: string): RawClient {
  const opened = new RawClient(member.endpoint, clientId)
  clients.push(opened)
  return opened
}

async function newTopic(): Promise<string> {
  const name = `topic-${++topics}`
  await follower.admin.createTopic(name)
  return name
}

test('messages are spread within one over 8 queues and a single consumer drains them all', async () => {
  const topic = await newTopic()
  const one = client(follower)
  for (let n = 0; n < 100; n++) await one.send(topic, [{ body: `m${n}` }])
  const { queues } = await leader.admin.describeTopic(topic)
  const counts = queues.map((queue) => queue.nextOffset)
  expect(counts).toHaveLength(8)
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
  expect(await client(leader).drain(topic, 'g')).toHaveLength(100)
})

test('two clients with equal message ids are both delivered; a repeat of one client is stored once', async () => {
  const topic = await newTopic()
  const [messageId, body] = [newMessageId(), 'same']
  const first = client(follower, 'host@1@0@a')
  const second = client(leader, 'host@2@0@b')
  const sent = await first.send(topic, [{ messageId, body }])
  const repeated = await client(leader, 'host@1@0@a').send(topic, [{ messageId, body }])
  expect(repeated.entries[0]?.offset).toBe(sent.entries[0]?.offset)
  await second.send(topic, [{ messageId, body }])
  expect(await first.drain(topic, 'g')).toHaveLength(2)
})

test('an equal id with another body is a new message and is counted', async () => {
  const topic = await newTopic()
  const one = client(follower, 'host@3@0@a')
  const messageId = newMessageId()
  const before = (await leader.admin.describeMember())?.dedupeConflicts ?? 0
  await one.send(topic, [{ messageId, body: 'one' }])
  await one.send(topic, [{ messageId, body: 'two' }])
  expect(await one.drain(topic, 'g')).toHaveLength(2)
  expect((await leader.admin.describeMember())?.dedupeConflicts).toBe(before + 1)
})

test('a partly repeated batch is decided message by message', async () => {
  const topic = await newTopic()
  const one = client(follower, 'host@4@0@a')
  const batch = Array.from({ length: 4 }, (_, n) => ({ messageId: newMessageId(), body: `b${n}` }))
  await one.send(topic, batch.slice(0, 2))
  const whole = await one.send(topic, batch)
  expect(whole.entries.map((entry) => entry.messageId)).toEqual(batch.map((message) => message.messageId))
  expect((await one.drain(topic, 'g')).map((message) => message.body.toString()).toSorted()).toEqual([
    'b0',
    'b1',
    'b2',
    'b3',
  ])
})

test('a body of 4 MiB with 16 KiB of properties passes every hop, one byte more is refused in the body', async () => {
  const topic = await newTopic()
  const one = client(follower)
  const body = Buffer.alloc(4 * MIB, 7)
  const properties = Object.fromEntries(
    Array.from({ length: 16 }, (_, n) => [`key-${String(n).padStart(2, '0')}`, 'v'.repeat(1024 - 6)]),
  )
  const sent = await one.send(topic, [{ body, properties }])
  expect(sent.status?.code).toBe(Code.OK)
  const { messages } = await one.receive(topic, 'g')
  expect(
    createHash('md5')
      .update(messages[0]?.body ?? '')
      .digest('hex'),
  ).toBe(createHash('md5').update(body).digest('hex'))
  expect(messages[0]?.userProperties).toEqual(properties)
  const larger = await one.send(topic, [{ body: Buffer.alloc(4 * MIB + 1) }])
  expect(larger.status?.code).toBe(Code.MESSAGE_BODY_TOO_LARGE)
})

test('a batch of 15 MiB is stored as one', async () => {
  const topic = await newTopic()
  const one = client(follower)
  const sent = await one.send(
    topic,
    Array.from({ length: 5 }, () => ({ body: Buffer.alloc(3 * MIB, 1) })),
    20_000,
  )
  expect(sent.entries.map((entry) => entry.status?.code)).toEqual(Array(5).fill(Code.OK))
  expect(await one.drain(topic, 'g')).toHaveLength(5)
})

test('what cannot be kept as what it is, is not stored at all', async () => {
  const topic = await newTopic()
  const one = client(follower)
  const kinds = [
    { messageType: 2, messageGroup: 'orders' },
    { messageType: 3, deliveryTimestamp: { seconds: Math.floor(Date.now() / 1000) + 60, nanos: 0 } },
    { messageType: 4 },
    { messageType: 6, priority: 1 },
    { messageType: 5, liteTopic: 'lite' },
  ]
  for (const system of kinds) {
    const sent = await one.send(topic, [{ body: 'x', system }])
    expect(sent.status?.code).toBe(Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE)
  }
  expect((await leader.admin.describeTopic(topic)).summary.messageCount).toBe(0)
})

test('an illegal SQL filter is refused, and filters give what matches', async () => {
  const topic = await newTopic()
  const one = client(follower)
  for (const tag of ['red', 'blue', 'green']) await one.send(topic, [{ body: tag, system: { tag } }])
  expect((await one.receive(topic, 'sql', { filterType: 2, expression: 'a >' })).code).toBe(
    Code.ILLEGAL_FILTER_EXPRESSION,
  )
  const got: string[] = []
  while (got.length < 2) {
    const { messages } = await one.receive(topic, 'tags', { expression: 'red || green' })
    got.push(...messages.map((message) => message.body.toString()))
  }
  expect(got.toSorted()).toEqual(['green', 'red'])
  const sql = await one.receive(topic, 'sql', { filterType: 2, expression: "TAGS ENDSWITH 'ue'" })
  expect(sql.messages.map((message) => message.body.toString())).toEqual(['blue'])
})

test('an empty receive ends at the asked polling time or up to 50 ms later, never before', async () => {
  const topic = await newTopic()
  for (const member of [leader, follower]) {
    const one = client(member)
    await one.route(topic)
    const start = performance.now()
    const { code } = await one.receive(topic, 'empty', { waitMs: 5_000 })
    const tookMs = performance.now() - start
    expect(code).toBe(Code.MESSAGE_NOT_FOUND)
    expect(tookMs).toBeGreaterThanOrEqual(5_000)
    expect(tookMs).toBeLessThan(5_100)
  }
})

test('a topic that is not there is denied with the command that makes it, by every node', async () => {
  for (const member of group.members) {
    const { status } = await client(member).route('nowhere')
    expect(status?.code).toBe(Code.TOPIC_NOT_FOUND)
    expect(status?.message).toContain('npm run cli -- topic create nowhere')
  }
})

test('garbage on both ports is refused and the node lives on', async () => {
  const ports = [Number(follower.endpoint.split(':')[1]), follower.peerPort]
  const junk = [
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.from(Array.from({ length: 4096 }, (_, n) => (n * 7919) & 255)),
    Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.alloc(1000, 255)]),
    Buffer.concat([Buffer.from([0x16, 3, 1]), Buffer.alloc(500, 3)]),
    Buffer.alloc(5 * MIB, 65),
    Buffer.alloc(0),
  ]
  for (const port of ports) {
    for (const bytes of junk) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(bytes)
      await sleep(20)
      if (bytes.length > 0) socket.destroySoon()
    }
  }
  const topic = await newTopic()
  const one = client(follower)
  expect((await one.send(topic, [{ body: 'alive' }])).status?.code).toBe(Code.OK)
  expect(await one.drain(topic, 'g')).toHaveLength(1)
  expect(group.members.every((member) => member.alive)).toBe(true)
})

test('all members have equal digests after all of this', async () => {
  await group.sameDigest()
})
