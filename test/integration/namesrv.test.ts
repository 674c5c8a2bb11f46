/** Name servers beside a group: they learn everything from the members, and nothing depends on them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Code } from '../../src/rpc/apache-enums.ts'
import { openClient, type ServiceClient } from '../../src/rpc/client.ts'
import type { BrokerGroup, NameServerCalls } from '../../src/rpc/namesrv-types.ts'
import { until } from '../../jepsen-like/workloads/official-client.ts'
import { freePort, Group } from './group.ts'
import { cli, NameServerProcess } from './programs.ts'
import { RawClient } from './raw-client.ts'

const TOPIC = 'named'
const LEARN_MS_MAX = 10_000

let folder: string
let servers: NameServerProcess[]
let names: ServiceClient<NameServerCalls>[]
let group: Group

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dledger-names-'))
  servers = []
  for (let n = 0; n < 2; n++) servers.push(new NameServerProcess(`127.0.0.1:${await freePort()}`, folder))
  for (const server of servers) server.start()
  names = servers.map(({ address }) => openClient({ service: 'dledger.v1.NameServer', address }))
  group = await Group.start({ config: { nameServers: servers.map(({ address }) => address) } })
  await group.member(1).admin.createTopic(TOPIC, 4)
})

afterAll(async () => {
  for (const one of names) one.close()
  for (const server of servers) await server.kill()
  await group.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What a name server says of the group; `undefined` when it does not answer or knows none. */
async function known(name: ServiceClient<NameServerCalls>): Promise<BrokerGroup | undefined> {
  const answer = await name
    .call('DescribeCluster', { group: '' }, { timeoutMs: 1_000 })
    .catch(() => undefined)
  return answer?.groups[0]
}

/** Waits until every name server knows the whole group, its leader and its topics. */
async function allKnow(msMax: number): Promise<void> {
  const leader = await group.leader()
  const { term = 0 } = (await leader.admin.describeMember()) ?? {}
  for (const name of names) {
    await until('the name server knows everything', msMax, async () => {
      const found = await known(name)
      const heard = found?.liveness.filter(({ silentMs }) => silentMs !== undefined)
      const { leaderId, topicCount } = found ?? {}
      return found?.term === term && leaderId === leader.id && topicCount === 1 && heard?.length === 3
    })
  }
}

test('a name server knows the members, the leader and the topics of a group', async () => {
  await allKnow(LEARN_MS_MAX)
  for (const name of names) {
    const found = await known(name)
    expect(found?.group).toBe('broker-test')
    expect(found?.members.map((member) => member.clientEndpoint)).toEqual(group.endpoints)
    const route = await name.call('DescribeTopicRoute', { topic: TOPIC }, { timeoutMs: 1_000 })
    expect(route.topic).toMatchObject({ name: TOPIC, queueCount: 4 })
    expect(route.groups.map((one) => one.group)).toEqual(['broker-test'])
    const nothing = await name.call('DescribeTopicRoute', { topic: 'nowhere' }, { timeoutMs: 1_000 })
    expect(nothing).toMatchObject({ groups: [], topic: null })
  }
})

test('a name server tells the new leader soon after a change', async () => {
  const old = await group.healthy()
  await old.signal('SIGKILL')
  const next = await group.leader()
  for (const name of names) {
    await until('the new leader is known', 3_000, async () => (await known(name))?.leaderId === next.id)
  }
  old.start()
  await group.healthy()
  await allKnow(LEARN_MS_MAX)
})

test('status takes a name server as its entry point', async () => {
  await group.healthy()
  const { code, text } = await cli('status', '--endpoints', servers[0]?.address ?? '')
  expect(text).toContain('Group broker-test is HEALTHY: 3 of 3 members answer')
  expect(code).toBe(0)
})

test('with all name servers dead sends, receives and a failover go on, and one that is back learns everything', async () => {
  const leader = await group.healthy()
  for (const server of servers) await server.kill()
  const client = new RawClient(group.others(leader)[0]?.endpoint ?? '')
  const sent: string[] = []
  const send = async (): Promise<void> => {
    const body = `m${sent.length}`
    expect((await client.send(TOPIC, [{ body }])).status?.code).toBe(Code.OK)
    sent.push(body)
  }
  for (let n = 0; n < 20; n++) await send()
  await leader.signal('SIGKILL')
  for (let n = 0; n < 20; n++) await send()
  leader.start()
  const bodies = (await client.drain(TOPIC, 'g')).map((message) => message.body.toString())
  expect(bodies.toSorted()).toEqual(sent.toSorted())
  client.close()
  await group.healthy()
  for (const server of servers) server.start()
  await allKnow(LEARN_MS_MAX)
})
