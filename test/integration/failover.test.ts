/** The official Node client through the deaths of leaders. */
import type { Producer } from 'rocketmq-client-nodejs'
import { afterEach, expect, test } from 'vitest'
import { checkQueue } from '../../jepsen-like/checkers/queue.ts'
import { History } from '../../jepsen-like/history.ts'
import { DrainingConsumer, startProducer, until } from '../../jepsen-like/workloads/official-client.ts'
import { Group, type Member, sleep } from './group.ts'

const TOPIC = 'orders'
const IN_FLIGHT_EACH = 64
const IN_FLIGHT_AT_KILL_MIN = 50
const INVISIBLE_MS = 15_000

let group: Group | undefined

afterEach(async () => {
  await group?.close()
  group = undefined
})

/** What a sender has done. */
interface Sending {
  readonly history: History
  readonly acknowledged: string[]
  readonly failed: string[]
  inFlight: number
  /** The next logical process of the history. */
  process: number
}

function newSending(): Sending {
  const history = new History(() => performance.now())
  return { history, acknowledged: [], failed: [], inFlight: 0, process: 0 }
}

/**
 * Sends `count` messages through one node with the official client, many at a time. The producer is shut down
 * by the caller, on a healthy group: the library's shutdown rejects, or worse, when its node is away.
 */
async function sendMany(endpoint: string, prefix: string, count: number, state: Sending): Promise<Producer> {
  const producer = await startProducer(endpoint, TOPIC)
  let next = 0
  const one = async (): Promise<void> => {
    const process = state.process++
    while (next < count) {
      const body = `${prefix}-${next++}`
      const ref = state.history.invoke(process, { f: 'send', key: body })
      state.inFlight++
      try {
        await producer.send({ topic: TOPIC, body: Buffer.from(body) })
        state.history.ok(process, ref)
        state.acknowledged.push(body)
      } catch (error) {
        state.history.info(process, ref, String(error))
        state.failed.push(`${body}: ${String(error)}`)
      } finally {
        state.inFlight--
      }
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT_EACH }, one))
  return producer
}

/** Kills the leader with at least 50 sends in flight. */
async function killLeader(of: Group, leader: Member, state: Sending): Promise<void> {
  await until('50 sends are in flight', 10_000, () => state.inFlight >= IN_FLIGHT_AT_KILL_MIN)
  state.history.nemesis(`kill -9 of member ${leader.id}, which leads`)
  await leader.signal('SIGKILL')
  expect(of.members.filter((member) => member.alive)).toHaveLength(2)
}

test('10,000 sends through two nodes and two kills of the leader: none fails, each is delivered once', async () => {
  group = await Group.start()
  const first = await group.healthy()
  await first.admin.createTopic(TOPIC)
  const state = newSending()
  const other = group.others(first)[0] as Member
  const consumer = await DrainingConsumer.start(other.endpoint, TOPIC, 'g', INVISIBLE_MS, state.history)
  for (let round = 0; round < 2; round++) {
    const leader = await group.healthy()
    const nodes = group.others(leader)
    const sending = nodes.map((node, n) => sendMany(node.endpoint, `r${round}n${n}`, 2_500, state))
    await until('sends are acknowledged', 20_000, () => state.acknowledged.length > 1_000 + round * 5_000)
    await killLeader(group, leader, state)
    await sleep(2_000)
    leader.start()
    const producers = await Promise.all(sending)
    await group.healthy()
    for (const producer of producers) await producer.shutdown()
  }
  expect(state.failed).toEqual([])
  expect(state.acknowledged).toHaveLength(10_000)
  await until('everything is delivered', 60_000, () => consumer.bodies().size === 10_000)
  await consumer.stop()
  const rules = { invisibleMs: INVISIBLE_MS, acknowledgedMin: 10_000, drained: true }
  expect(checkQueue(state.history.events, rules)).toMatchObject({
    verdict: true,
    lost: [],
    phantom: [],
    doubled: [],
    resurrected: [],
  })
  await group.sameDigest()
})

test('a leader that is stopped hands over first: no send through another node fails, nobody waits for an election', async () => {
  group = await Group.start()
  const leader = await group.healthy()
  await leader.admin.createTopic(TOPIC)
  const others = group.members.filter((member) => member !== leader)
  const state = newSending()
  const sending = sendMany(others[0]?.endpoint ?? '', 'stop', 3_000, state)
  await until('sends are acknowledged', 20_000, () => state.acknowledged.length > 500)
  const before = others.map((member) => member.log().length)
  await leader.signal('SIGTERM')
  leader.start()
  const producer = await sending
  await group.healthy()
  expect(state.failed).toEqual([])
  expect(state.acknowledged).toHaveLength(3_000)
  const logs = others.map((member, at) => member.log().slice(before[at])).join('')
  expect(logs).toContain('the leader hands over to this node')
  expect(logs).not.toContain('no leader was heard')
  await producer.shutdown()
})

test('all three killed at once and started again: everything acknowledged is there', async () => {
  group = await Group.start()
  const leader = await group.healthy()
  await leader.admin.createTopic(TOPIC)
  const state = newSending()
  const sending = sendMany(leader.endpoint, 'all', 3_000, state)
  await until('sends are acknowledged', 20_000, () => state.acknowledged.length > 1_000)
  await Promise.all(group.members.map((member) => member.signal('SIGKILL')))
  for (const member of group.members) member.start()
  const producer = await sending
  const next = await group.healthy()
  await sleep(3_000)
  const consumer = await DrainingConsumer.start(next.endpoint, TOPIC, 'g')
  await until('everything acknowledged is delivered', 60_000, () => {
    const bodies = consumer.bodies()
    return state.acknowledged.every((body) => bodies.has(body))
  })
  await group.sameDigest()
  await consumer.stop()
  await producer.shutdown()
})

test('an uncommitted tail of a frozen leader is gone and its senders are stored once', async () => {
  group = await Group.start()
  const old = await group.healthy()
  await old.admin.createTopic(TOPIC)
  const [one, two] = group.others(old) as [Member, Member]
  const producer = await startProducer(old.endpoint, TOPIC)
  await producer.send({ topic: TOPIC, body: Buffer.from('before') })
  await one.signal('SIGSTOP')
  await two.signal('SIGSTOP')
  let answered = 0
  const sends = ['t1', 't2', 't3'].map((body) =>
    producer.send({ topic: TOPIC, body: Buffer.from(body) }).then(
      () => answered++,
      () => undefined,
    ),
  )
  await sleep(200)
  expect(answered).toBe(0)
  await old.signal('SIGSTOP')
  await one.signal('SIGCONT')
  await two.signal('SIGCONT')
  await until('another one leads', 10_000, async () => {
    const states = await Promise.all([one.admin.describeMember(), two.admin.describeMember()])
    return states.some((state) => state?.role === 'leader')
  })
  const other = await startProducer(one.endpoint, TOPIC)
  await other.send({ topic: TOPIC, body: Buffer.from('after') })
  await old.signal('SIGCONT')
  await Promise.all(sends)
  await group.healthy()
  const consumer = await DrainingConsumer.start(two.endpoint, TOPIC, 'g')
  await until('both are delivered', 20_000, () => {
    const bodies = consumer.bodies()
    return bodies.has('before') && bodies.has('after')
  })
  await sleep(1_000)
  const bodies = consumer.delivered.map((message) => message.body)
  expect(new Set(bodies).size).toBe(bodies.length)
  await group.sameDigest()
  await consumer.stop()
  await producer.shutdown().catch(() => undefined)
  await other.shutdown()
})
