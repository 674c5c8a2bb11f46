/** Members that come and go while a group of real processes serves. */
import { mkdirSync, rmSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { until } from '../../jepsen-like/workloads/official-client.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import { Group, type Member } from './group.ts'
import { cli, editConfig } from './programs.ts'
import { RawClient } from './raw-client.ts'

const TOPIC = 'orders'
const SENDERS = 8
let group: Group | undefined

afterEach(async () => {
  await group?.close()
  group = undefined
})

/** Sends through one node, each message once, until it is stopped. */
class Sender {
  readonly acknowledged: string[] = []
  readonly failed: string[] = []
  readonly #client: RawClient
  readonly #running: Promise<unknown>
  #stopped = false

  constructor(node: Member) {
    this.#client = new RawClient(node.endpoint)
    this.#running = Promise.all(Array.from({ length: SENDERS }, (_, n) => this.#send(`s${node.id}-${n}`)))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    this.#client.close()
  }

  async #send(name: string): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      const body = `${name}-${n}`
      const { status } = await this.#client.send(TOPIC, [{ body }])
      if (status?.code === Code.OK) this.acknowledged.push(body)
      else this.failed.push(`${body}: ${status?.code} ${status?.message}`)
    }
  }
}

function addresses(member: Member): string[] {
  return ['--peer', `127.0.0.1:${member.peerPort}`, '--client', member.endpoint]
}

/** The bodies of all messages, through this node. */
async function bodiesAt(node: Member): Promise<Set<string>> {
  const client = new RawClient(node.endpoint)
  const messages = await client.drain(TOPIC, 'readers')
  client.close()
  return new Set(messages.map(({ body }) => Buffer.from(body).toString()))
}

test('a member whose folder is lost is replaced under load, and then another one may die: nothing is lost', async () => {
  group = await Group.start()
  const leader = await group.healthy()
  const [node, lost] = group.others(leader) as [Member, Member]
  await leader.admin.createTopic(TOPIC)
  const sender = new Sender(node)
  await until('sends are acknowledged', 20_000, () => Promise.resolve(sender.acknowledged.length > 300))

  await lost.signal('SIGKILL')
  rmSync(lost.dataFolder, { recursive: true })
  const added = await group.joining(4)
  await until('the new member waits', 20_000, async () => {
    const problems = (await added.admin.describeMember())?.problems ?? []
    return problems.some((text) => text.includes('waits to be made one of the group'))
  })
  const asked = ['--endpoints', node.endpoint]
  const replaced = await cli(
    'member',
    'replace',
    String(lost.id),
    '--new-id',
    '4',
    ...addresses(added),
    ...asked,
  )
  expect(replaced).toMatchObject({ code: 0 })
  expect(replaced.text).toContain(`Member 4 votes in the place of member ${lost.id}.`)
  group.members.splice(group.members.indexOf(lost), 1, added)
  await group.leader()
  expect(JSON.parse((await cli('member', 'list', '--json', ...asked)).text)).toMatchObject({
    committed: true,
    nextId: 5,
    members: group.members
      .map(({ id, endpoint }) => ({ id, clientEndpoint: endpoint, role: 'voter' }))
      .sort((a, b) => a.id - b.id),
  })

  // The one that is left of those who had everything from the start, beside the node that serves.
  await leader.signal('SIGKILL')
  const before = sender.acknowledged.length
  await until('sends go on', 20_000, () => Promise.resolve(sender.acknowledged.length > before + 300))
  await sender.stop()
  expect(sender.failed).toEqual([])
  const found = await bodiesAt(added)
  expect(sender.acknowledged.filter((body) => !found.has(body))).toEqual([])

  // The old id never comes back, with its config and an empty folder neither.
  leader.start()
  await group.healthy()
  await group.sameDigest()
  mkdirSync(lost.dataFolder, { recursive: true })
  editConfig(lost, { bootstrap: undefined, join: 'integration-test' })
  lost.start()
  await until('the lost member is refused', 20_000, async () => {
    return (await lost.admin.describeMember())?.role === 'refused'
  })
  expect((await lost.admin.describeMember())?.problems.join()).toContain('was removed from this group')
  await lost.signal('SIGKILL')
  const status = await cli('status', ...asked)
  expect(status).toMatchObject({ code: 0 })
}, 120_000)

test('members are added, lead, and are removed, each by one command, and what cannot be is refused', async () => {
  group = await Group.start()
  const leader = await group.healthy()
  const follower = group.others(leader)[0] as Member
  const asked = ['--endpoints', follower.endpoint]
  const away = await cli('member', 'add', '--peer', '127.0.0.1:1', '--client', '127.0.0.1:2', ...asked)
  expect(away.code).not.toBe(0)
  expect(away.text).toContain('member 4 does not answer at 127.0.0.1:1: start it first')
  const added = await group.joining(4)
  const again = await cli('member', 'add', '--id', '3', ...addresses(added), ...asked)
  expect(again.text).toContain('member 3 belongs to the group already')
  const done = await cli('member', 'add', ...addresses(added), ...asked)
  expect(done.text).toContain('Member 4 votes.')
  group.members.push(added)
  await group.healthy()

  const led = await cli('member', 'transfer', '4', ...asked)
  expect(led.text).toContain('Member 4 leads.')
  expect(await group.healthy()).toBe(added)
  const removed = await cli('member', 'remove', '4', ...asked)
  expect(removed.text).toContain('Member 4 was removed.')
  group.members.pop()
  await group.healthy()
  const unknown = await cli('member', 'remove', '9', ...asked)
  expect(unknown.text).toContain('member 9 does not belong to the group')
  await until('the removed member says so', 10_000, async () => {
    const problems = (await added.admin.describeMember())?.problems.join() ?? ''
    return problems.includes('was removed from th')
  })
  await added.signal('SIGKILL')

  // All start again, with configuration files that know nothing of it.
  for (const member of group.members) await member.signal('SIGTERM')
  for (const member of group.members) member.start()
  await group.healthy()
  const { text } = await cli('member', 'list', '--json', ...asked)
  expect(JSON.parse(text)).toMatchObject({ members: [{ id: 1 }, { id: 2 }, { id: 3 }], nextId: 5 })
}, 120_000)

test('the member that is wanted most leads whenever it can', async () => {
  group = await Group.start({ config: { raft: { priorities: { 3: 5, 2: 1 } } } })
  const wanted = group.member(3)
  const leads = async (member: Member): Promise<boolean> => {
    return (await member.admin.describeMember())?.role === 'leader'
  }
  await until('it leads', 20_000, () => leads(wanted))
  await wanted.signal('SIGKILL')
  await until('the next one leads', 20_000, () => leads((group as Group).member(2)))
  wanted.start()
  await until('it leads again', 20_000, () => leads(wanted))
})
