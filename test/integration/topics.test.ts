/** A topic that was made is there, on every node, whoever dies meanwhile. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Code } from '../../src/rpc/apache-enums.ts'
import { Group, type Member } from './group.ts'
import { RawClient } from './raw-client.ts'

const TOPICS = 1_000
let group: Group

beforeAll(async () => {
  group = await Group.start()
})

afterAll(async () => {
  await group.close()
})

test('1,000 topics made on one node are routed at once by the other two, also across the death of a leader', async () => {
  const first = await group.healthy()
  const maker = group.others(first)[0] as Member
  const routers = new Map(group.members.map((member) => [member, new RawClient(member.endpoint)]))
  for (let n = 0; n < TOPICS; n++) {
    if (n === 400) await first.signal('SIGKILL')
    if (n === 700) first.start()
    const name = `t${n}`
    await maker.admin.createTopic(name)
    const asked = [...routers].filter(([member]) => member.alive && (member !== first || n < 400))
    const routes = await Promise.all(asked.map(([, router]) => router.route(name)))
    expect(routes.map((route) => route.status?.code)).toEqual(asked.map(() => Code.OK))
  }
  await group.healthy()
  const { topics } = (await first.admin.call('ListTopics', {})) as { topics: readonly unknown[] }
  expect(topics).toHaveLength(TOPICS)
  for (const router of routers.values()) router.close()
})
