/** Filters and queries with the official Node client against a real group, across the death of a leader. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { FilterExpression, type Producer, SimpleConsumer } from 'rocketmq-client-nodejs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProducer } from '../../jepsen-like/workloads/official-client.ts'
import { Group, type Member } from './group.ts'

const CLI = join(import.meta.dirname, '..', '..', 'bin', 'dledger-cli.cjs')
const TOPIC = 'orders'
const MESSAGES = 30
let group: Group
let leader: Member
let follower: Member

interface Found {
  readonly messageId: string
  readonly keys: readonly string[]
  readonly tag: string
  readonly properties: Readonly<Record<string, string>>
  readonly bodyText: string
  readonly queueId: number
  readonly queueOffset: number
}

beforeAll(async () => {
  group = await Group.start()
  leader = await group.healthy()
  follower = group.others(leader)[0] as Member
  await follower.admin.createTopic(TOPIC)
  for (const name of ['tagged', 'sql']) {
    await follower.admin.call('CreateGroup', { name, start: 'earliest' })
  }
})

afterAll(async () => {
  await group.close()
})

/** The client does not export the types of filters: 2 is SQL. */
function sqlFilter(expression: string): FilterExpression {
  const type = 2 as unknown as ConstructorParameters<typeof FilterExpression>[1]
  return new FilterExpression(expression, type)
}

async function cli(member: Member, ...args: readonly string[]): Promise<unknown> {
  const all = [CLI, ...args, '-e', member.endpoint, '--json']
  const { stdout } = await promisify(execFile)(process.execPath, all)
  return JSON.parse(stdout)
}

async function found(member: Member, ...args: readonly string[]): Promise<readonly Found[]> {
  return ((await cli(member, 'message', ...args)) as { readonly messages: readonly Found[] }).messages
}

/** Sends messages n with tag `even` or `odd`, key `k(n mod 5)` and property `n`; returns their ids. */
async function send(producer: Producer): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < MESSAGES; n++) {
    const { messageId } = await producer.send({
      topic: TOPIC,
      tag: n % 2 === 0 ? 'even' : 'odd',
      keys: [`k${n % 5}`, 'all'],
      properties: new Map([
        ['n', String(n)],
        ['region', n < 20 ? 'eu' : 'us'],
      ]),
      body: Buffer.from(`m${n}`),
    })
    ids.push(messageId)
  }
  return ids
}

/** What a consumer of the official client gets with a filter, until nothing comes for a while; not acked. */
async function received(name: string, filter: FilterExpression, count: number): Promise<string[]> {
  const consumer = new SimpleConsumer({
    endpoints: follower.endpoint,
    namespace: '',
    consumerGroup: name,
    subscriptions: new Map([[TOPIC, filter]]),
    awaitDuration: 5_000,
    logger: { info() {}, warn() {}, error() {}, debug() {}, close() {} },
  } as unknown as ConstructorParameters<typeof SimpleConsumer>[0])
  await consumer.startup()
  const bodies: string[] = []
  while (bodies.length < count) {
    const messages = await consumer.receive(16, 60_000)
    if (messages.length === 0) break
    for (const message of messages) {
      bodies.push(message.body.toString())
      await consumer.ack(message)
    }
  }
  await consumer.shutdown()
  return bodies.toSorted()
}

function numbered(wanted: (n: number) => boolean): string[] {
  return Array.from({ length: MESSAGES }, (_, n) => n)
    .filter(wanted)
    .map((n) => `m${n}`)
    .toSorted()
}

test('filters choose what is received, and queries find messages on every node, also after a leader kill', async () => {
  const producer = await startProducer(follower.endpoint, TOPIC)
  const ids = await send(producer)
  const sql = sqlFilter("n BETWEEN 5 AND 24 AND region = 'eu' AND TAGS <> 'odd'")
  const inSql = numbered((n) => n >= 5 && n < 20 && n % 2 === 0)
  expect(await received('tagged', new FilterExpression('odd || none'), 15)).toEqual(
    numbered((n) => n % 2 === 1),
  )
  expect(await received('sql', sql, inSql.length)).toEqual(inSql)

  await leader.signal('SIGKILL')
  await group.leader()
  for (const member of group.others(leader)) {
    const [seventh] = await found(member, 'get', ids[7] ?? '')
    expect(seventh).toMatchObject({
      messageId: ids[7],
      bodyText: 'm7',
      tag: 'odd',
      keys: ['k2', 'all'],
      properties: { n: '7', region: 'eu' },
    })
    const keyed = await found(member, 'query', TOPIC, '--key', 'k2')
    expect(keyed.map(({ bodyText }) => bodyText)).toEqual(['m27', 'm22', 'm17', 'm12', 'm7', 'm2'])
    const browsed = await found(member, 'browse', TOPIC, '--limit', '64', '--sql', 'n < 8')
    expect(browsed.map(({ bodyText }) => bodyText)).toEqual(numbered((n) => n < 8))
    const { queueId, queueOffset } = seventh as Found
    const place = ['--queue', String(queueId), '--offset', String(queueOffset), '--limit', '1']
    expect(await found(member, 'browse', TOPIC, ...place)).toMatchObject([{ bodyText: 'm7' }])
    expect(await found(member, 'get', 'nothing')).toEqual([])
    expect(await cli(member, 'trace', ids[7] ?? '')).toMatchObject({
      message: { messageId: ids[7] },
      eventsComplete: true,
      groups: expect.arrayContaining([
        expect.objectContaining({ group: 'tagged', state: 'done' }),
        expect.objectContaining({ group: 'sql', state: 'done' }),
      ]) as unknown,
      events: [
        { type: 'delivered', group: 'tagged', attempt: 1 },
        { type: 'acked', group: 'tagged', attempt: 1 },
      ],
    })
  }
  const { messageId } = await producer.send({ topic: TOPIC, body: Buffer.from('later') })
  expect(await found(follower, 'get', messageId)).toMatchObject([{ bodyText: 'later' }])
  await producer.shutdown()
}, 90_000)
