/** Transactions with the official Node client: ends, check-back on any member, and what an operator sees of them. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Producer } from 'rocketmq-client-nodejs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DrainingConsumer, until } from '../../jepsen-like/workloads/official-client.ts'
import { Group, type Member } from './group.ts'
import { cli } from './programs.ts'

const SILENT = { info() {}, warn() {}, error() {}, debug() {}, close() {} }
/** apache.rocketmq.v2.TransactionResolution. */
const UNKNOWN = 0
const COMMIT = 1
const ROLLBACK = 2
const TRANSACTION = 4
const CONFIG = { transactions: { checkAfterMs: 1_500, checkIntervalMs: 1_000, checksMax: 3 } }

type Options = ConstructorParameters<typeof Producer>[0]

let group: Group
let leader: Member

beforeAll(async () => {
  group = await Group.start({ config: CONFIG })
  leader = await group.healthy()
})

afterAll(async () => {
  await group.close()
})

/** A producer whose checker answers by the body of the message, and what it was asked. */
async function start(member: Member, topic: string, answers: Readonly<Record<string, number>>) {
  const asked: string[] = []
  const checker = {
    check: async (message: { body: Buffer }) => {
      const body = message.body.toString()
      asked.push(body)
      return answers[body] ?? UNKNOWN
    },
  }
  const options = { endpoints: member.endpoint, namespace: '', topics: [topic], checker, logger: SILENT }
  const producer = new Producer(options as unknown as Options)
  await producer.startup()
  return { producer, asked }
}

/** Sends a half message; its transaction is left open. */
async function half(producer: Producer, topic: string, body: string) {
  const transaction = producer.beginTransaction()
  await producer.send({ topic, body: Buffer.from(body) }, transaction)
  return transaction
}

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, text } = await cli(...args, '--json', '-e', group.endpoints.join(','))
  expect(code, text).toBe(0)
  return JSON.parse(text) as Record<string, unknown>
}

interface Listed {
  readonly transactionId: string
  readonly topic: string
  readonly parked: boolean
}

async function listed(...args: readonly string[]): Promise<readonly Listed[]> {
  return (await json('transaction', 'list', ...args))['transactions'] as readonly Listed[]
}

async function topicWith(name: string): Promise<DrainingConsumer> {
  await leader.admin.call('CreateTopic', { name, messageType: TRANSACTION })
  const follower = group.others(leader)[0] as Member
  return DrainingConsumer.start(follower.endpoint, name, `g-${name}`)
}

test('committed messages come, others do not; what is unknown is checked until the producer knows', async () => {
  const topic = 'payments'
  const consumer = await topicWith(topic)
  const follower = group.others(leader)[1] as Member
  const { producer, asked } = await start(follower, topic, { later: COMMIT, never: ROLLBACK })
  const good = await half(producer, topic, 'good')
  const bad = await half(producer, topic, 'bad')
  await half(producer, topic, 'later')
  await half(producer, topic, 'never')
  await good.commit()
  await bad.rollback()
  await until('the good one came', 10_000, () => consumer.bodies().has('good'))
  await until('the later one came', 15_000, () => consumer.bodies().has('later'))
  await until('nothing is open', 10_000, async () => (await listed('-t', topic)).length === 0)
  expect(consumer.bodies()).toEqual(new Set(['good', 'later']))
  expect(asked.toSorted()).toEqual(['later', 'never'])
  await producer.shutdown()
  await consumer.stop()
}, 60_000)

test('when a producer dies, another one of the topic is asked, on another member', async () => {
  const topic = 'orphans'
  const consumer = await topicWith(topic)
  const [first, second] = group.others(leader) as [Member, Member]
  const { producer, asked } = await start(second, topic, { orphan: COMMIT })
  const file = join(import.meta.dirname, 'half-sender.mjs')
  const child = spawn(process.execPath, [file, first.endpoint, topic, 'orphan'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  child.kill('SIGKILL')
  await until('the orphan came', 20_000, () => consumer.bodies().has('orphan'))
  expect(asked).toContain('orphan')
  await producer.shutdown()
  await consumer.stop()
}, 60_000)

test('what no producer decides is parked, shown and ended by an operator', async () => {
  const topic = 'undecided'
  const consumer = await topicWith(topic)
  const { producer, asked } = await start(leader, topic, {})
  await half(producer, topic, 'one')
  await half(producer, topic, 'two')
  await until('both are parked', 30_000, async () => (await listed('--parked', '-t', topic)).length === 2)
  expect(asked.filter((body) => body === 'one')).toHaveLength(3)
  const status = await leader.admin.describeMember()
  expect(status?.problems.join()).toContain('transaction list --parked')
  const [one, two] = await listed('--parked', '-t', topic)
  const shown = await json('transaction', 'show', one?.transactionId ?? '')
  expect(Buffer.from(String(shown['body']), 'base64').toString()).toBe('one')
  await json('transaction', 'commit', one?.transactionId ?? '')
  await json('transaction', 'commit', one?.transactionId ?? '')
  await json('transaction', 'rollback', two?.transactionId ?? '')
  const again = await cli('transaction', 'commit', two?.transactionId ?? '', '-e', leader.endpoint)
  expect(again.code).not.toBe(0)
  expect(again.text).toContain('rolled back before')
  await until('the committed one came', 10_000, () => consumer.bodies().has('one'))
  expect(consumer.bodies()).toEqual(new Set(['one']))
  await producer.shutdown()
  await consumer.stop()
}, 60_000)

test('an operator sees the clients of all members and reaches each of them from any member', async () => {
  const topic = 'watched'
  const consumer = await topicWith(topic)
  const follower = group.others(leader)[1] as Member
  const { producer } = await start(follower, topic, {})
  const found = await json('client', 'list', '-t', topic)
  const clients = found['clients'] as readonly Record<string, unknown>[]
  expect(clients).toHaveLength(2)
  const one = clients.find(({ kind }) => kind === 'producer')
  expect(one).toMatchObject({ language: 'NODE_JS', topics: [topic], memberId: follower.id })
  expect(clients.find(({ kind }) => kind === 'simple')).toMatchObject({
    group: `g-${topic}`,
    subscriptions: [{ topic, expression: '*' }],
  })
  const id = String(one?.['clientId'])
  expect((await json('client', 'stack', id))['stack']).not.toBe('')
  const text = await cli('client', 'show', id, '-e', leader.endpoint)
  expect(text.text).toContain(`Publishes    ${topic}`)
  await json('client', 'reconnect', id)
  await half(producer, topic, 'seen').then((transaction) => transaction.commit())
  await until('it still works', 10_000, () => consumer.bodies().has('seen'))
  const nobody = await cli('client', 'stack', 'nobody', '-e', leader.endpoint)
  expect(nobody.code).not.toBe(0)
  await producer.shutdown()
  await consumer.stop()
}, 60_000)

test('a leader that dies between half message and commit changes nothing', async () => {
  const topic = 'failover'
  const consumer = await topicWith(topic)
  const survivor = group.others(leader)[0] as Member
  const { producer, asked } = await start(survivor, topic, { checked: COMMIT })
  const open = await half(producer, topic, 'committed')
  const other = await half(producer, topic, 'gone')
  await half(producer, topic, 'checked')
  await leader.signal('SIGKILL')
  await open.commit()
  await other.rollback()
  await until('both came', 30_000, () => consumer.bodies().size === 2)
  expect(consumer.bodies()).toEqual(new Set(['committed', 'checked']))
  expect(consumer.delivered).toHaveLength(2)
  expect(asked).not.toContain('gone')
  leader.start()
  leader = await group.healthy()
  await producer.shutdown()
  await consumer.stop()
}, 60_000)
