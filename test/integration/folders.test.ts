/** What members make of data folders that were lost, copied, mixed up, damaged or cut. */
import { createHash } from 'node:crypto'
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Level } from 'level'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Code } from '../../src/rpc/apache-enums.ts'
import { until } from '../../jepsen-like/workloads/official-client.ts'
import { Group, type Member } from './group.ts'
import { cli, editConfig, startInVain } from './programs.ts'
import { RawClient } from './raw-client.ts'

const TOPIC = 'folders'
const CONFIG_CODE = 78
const ENTRIES_PER_CHECKPOINT = 1024
const RECORD_HEADER_BYTES = 64

let group: Group
let client: RawClient

beforeAll(async () => {
  group = await Group.start()
  await group.member(1).admin.createTopic(TOPIC)
  client = new RawClient(group.member(1).endpoint)
  await produce(200)
})

afterAll(async () => {
  client.close()
  await group.close()
})

/** Sends so many messages, one entry of the log or more for each 16. */
async function produce(count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 16) {
    const sends = Array.from({ length: 16 }, (_, n) => client.send(TOPIC, [{ body: `m${sent + n}` }]))
    for (const { status } of await Promise.all(sends)) expect(status?.code).toBe(Code.OK)
  }
}

/** A member that does not lead, stopped in order. */
async function stoppedFollower(): Promise<Member> {
  const leader = await group.healthy()
  const member = group.members.find((one) => one !== leader && one.id !== 1)
  if (member === undefined) throw new Error('a group of three has a follower beside member 1')
  await member.signal('SIGTERM')
  return member
}

function kept(member: Member): string {
  return `${member.dataFolder}.kept`
}

function setAside(member: Member): void {
  renameSync(member.dataFolder, kept(member))
  mkdirSync(member.dataFolder)
}

/** Puts back what was set aside or copied. */
function putBack(member: Member): void {
  rmSync(member.dataFolder, { recursive: true })
  renameSync(kept(member), member.dataFolder)
}

async function backToHealth(member: Member): Promise<void> {
  member.start()
  await group.healthy()
  await group.sameDigest()
}

/** The member says that it is refused, takes no part, and the others serve. */
async function expectRefused(member: Member): Promise<void> {
  await until('the member is refused', 10_000, async () => {
    return (await member.admin.describeMember())?.role === 'refused'
  })
  await produce(32)
  const state = await member.admin.describeMember()
  expect(state?.problems.join('\n')).toMatch(/data folder.*Replace the member: stop it and put .+/)
  for (const other of group.others(member)) {
    const peer = (await other.admin.describeMember())?.peers.find(({ id }) => id === member.id)
    expect(peer?.refusal).toContain('data folder')
    expect(peer?.connected).toBe(false)
  }
  const leader = (await group.leader()).admin
  expect((await leader.describeMember())?.commitIndex).toBeGreaterThan(state?.lastIndex ?? 0)
  const status = await cli('status', '--endpoints', group.endpoints.join(','))
  expect(status.code).toBe(1)
  expect(status.text).toContain(`member ${member.id}`)
}

function lastSegment(member: Member): string {
  const names = readdirSync(join(member.dataFolder, 'log')).filter((name) => name.endsWith('.segment'))
  return join(member.dataFolder, 'log', names.sort().at(-1) ?? '')
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

test('an emptied folder without bootstrap is refused with one sentence and a code of its own', async () => {
  const member = await stoppedFollower()
  setAside(member)
  editConfig(member, { bootstrap: undefined })
  const { code, text } = await startInVain(member)
  expect(code).toBe(CONFIG_CODE)
  expect(text).toMatch(/^error: data folder .+ is empty .+$/)
  expect(readdirSync(member.dataFolder).filter((name) => !name.startsWith('lock'))).toEqual([])
  editConfig(member, { bootstrap: 'integration-test' })
  putBack(member)
  await backToHealth(member)
})

test('an emptied folder with the same bootstrap neither votes nor acknowledges: the others refuse it', async () => {
  const member = await stoppedFollower()
  setAside(member)
  member.start()
  await expectRefused(member)
  await member.signal('SIGTERM')
  putBack(member)
  await backToHealth(member)
})

test('an older copy of a folder is refused, also by peers that were started again', async () => {
  const member = await stoppedFollower()
  cpSync(member.dataFolder, kept(member), { recursive: true })
  await backToHealth(member)
  await produce(32)
  await member.signal('SIGTERM')
  const newest = `${member.dataFolder}.newest`
  renameSync(member.dataFolder, newest)
  cpSync(kept(member), member.dataFolder, { recursive: true })
  member.start()
  await expectRefused(member)
  await member.signal('SIGTERM')
  for (const other of group.others(member)) {
    await other.signal('SIGTERM')
    other.start()
    await group.leader()
  }
  rmSync(member.dataFolder, { recursive: true })
  renameSync(kept(member), member.dataFolder)
  member.start()
  await expectRefused(member)
  await member.signal('SIGTERM')
  rmSync(member.dataFolder, { recursive: true })
  renameSync(newest, member.dataFolder)
  await backToHealth(member)
})

test('a second process on a folder, a folder of another member, group or newer format: one sentence each', async () => {
  const running = group.member(1)
  const first = running.process
  const second = await startInVain(running)
  running.process = first
  expect(second.code).toBe(CONFIG_CODE)
  expect(second.text).toMatch(new RegExp(`^error: .+ in use by the process ${first?.pid}\\.$`))
  expect(await running.admin.describeMember()).toBeDefined()

  const member = await stoppedFollower()
  const file = join(member.dataFolder, 'identity.json')
  const identity = readFileSync(file, 'utf8')
  const wrong = [
    [{ memberId: 9 }, /^error: The data folder belongs to member 9, not to member \d\.$/],
    [{ group: 'other' }, /^error: The data folder belongs to group other, not to group broker-test\.$/],
    [{ clusterId: 'other' }, /^error: The data folder belongs to cluster other, .+$/],
    [{ formatVersion: 99 }, /^error: The data folder has format 99, .+$/],
  ] as const
  for (const [change, sentence] of wrong) {
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(identity) as object), ...change }))
    const { code, text } = await startInVain(member)
    expect(code).toBe(CONFIG_CODE)
    expect(text).toMatch(sentence)
  }
  writeFileSync(file, identity)
  await backToHealth(member)
})

test('deleted tables come back from the log with the identical digest', async () => {
  const before = await group.sameDigest()
  const member = await stoppedFollower()
  rmSync(join(member.dataFolder, 'tables'), { recursive: true })
  member.start()
  await group.healthy()
  expect(await group.sameDigest()).toBe(before)
})

test('a changed byte in the tables of a member makes status degraded and names the member', async () => {
  const member = await stoppedFollower()
  const tables = join(member.dataFolder, 'tables')
  cpSync(tables, kept(member), { recursive: true })
  await changeByte(tables)
  member.start()
  await group.healthy()
  const endpoints = group.endpoints.join(',')
  const atOnce = await cli('status', '--endpoints', endpoints)
  expect(atOnce.code).toBe(1)
  expect(atOnce.text).toContain('DEGRADED')
  expect(atOnce.text).toContain(
    `the state of member ${member.id} (${member.endpoint}) differs from the majority`,
  )
  const from = (await member.admin.describeMember())?.appliedIndex ?? 0
  while (((await member.admin.describeMember())?.appliedIndex ?? 0) < from + 2 * ENTRIES_PER_CHECKPOINT) {
    await produceSingly(256)
  }
  const states = [...(await group.states()).values()]
  const newest = (await member.admin.describeMember())?.digests.at(-2)
  expect((newest?.index ?? 0) % ENTRIES_PER_CHECKPOINT).toBe(0)
  const others = states.filter(({ id }) => id !== member.id)
  for (const { digests } of others) {
    const same = digests.find(({ index }) => index === newest?.index)
    expect(same).toBeDefined()
    expect(same?.digest).not.toBe(newest?.digest)
  }
  const later = await cli('status', '--endpoints', endpoints, '--json')
  expect(later.code).toBe(1)
  await member.signal('SIGTERM')
  rmSync(tables, { recursive: true })
  await backToHealth(member)
  rmSync(kept(member), { recursive: true })
}, 120_000)

/** Sends one after the other, an entry each. */
async function produceSingly(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await client.send(TOPIC, [{ body: `s${n}` }])
}

/** Changes the last byte of the first page of a consume queue. */
async function changeByte(tables: string): Promise<void> {
  const level = new Level<Uint8Array, Uint8Array>(tables, { keyEncoding: 'view', valueEncoding: 'view' })
  const page = { gte: Uint8Array.of(0x6d, 5), lt: Uint8Array.of(0x6d, 6), limit: 1 }
  const [row] = await level.iterator(page).all()
  if (row === undefined) throw new Error('the tables hold no page')
  const [key, value] = row
  const changed = Uint8Array.from(value)
  changed[changed.byteLength - 1] = (changed.at(-1) ?? 0) ^ 1
  await level.put(key, changed)
  await level.close()
}

test('bad records and a missing segment in the durable part of the log are repaired from the peers', async () => {
  const member = await stoppedFollower()
  const segment = lastSegment(member)
  const whole = readFileSync(segment)
  const damaged = Buffer.from(whole)
  for (const at of [3, 30, 300].map((records) => records * RECORD_HEADER_BYTES)) {
    damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at)
  }
  writeFileSync(segment, damaged)
  const leader = (await group.leader()).admin
  const index = (await leader.describeMember())?.commitIndex ?? 0
  await backToHealth(member)
  expect((await leader.describeMember())?.commitIndex).toBeLessThanOrEqual(index + 1)
  expect(member.log()).toContain('record damaged')
  expect(member.log()).toContain('log repaired')
  await member.signal('SIGTERM')
  expect(readFileSync(segment).equals(whole)).toBe(true)
  // Nothing of its own follows a lost end: in doubt, it needs a leader of a new term, which adds an entry.
  rmSync(segment)
  await backToHealth(member)
  await member.signal('SIGTERM')
  expect(readFileSync(segment).subarray(0, whole.byteLength).equals(whole)).toBe(true)
  await backToHealth(member)
})

test('a damaged member waits while no peer can repair it and changes nothing', async () => {
  const member = await stoppedFollower()
  const others = group.others(member)
  for (const other of others) await other.signal('SIGTERM')
  const segment = lastSegment(member)
  const damaged = readFileSync(segment)
  damaged.writeUInt8(damaged.readUInt8(100) ^ 1, 100)
  writeFileSync(segment, damaged)
  const before = hashOf(segment)
  member.start()
  await until('the member waits', 20_000, () =>
    Promise.resolve(member.log().includes('repair waits for a peer that has the record')),
  )
  expect(hashOf(segment)).toBe(before)
  for (const other of others) other.start()
  await group.healthy()
  await group.sameDigest()
})

test('a torn tail of a killed member is cut and the member serves', async () => {
  const leader = await group.healthy()
  const member = group.members.find((one) => one !== leader && one.id !== 1) as Member
  for (const garbage of [halfRecord, noise]) {
    await member.signal('SIGKILL')
    const segment = lastSegment(member)
    appendFileSync(segment, garbage(readFileSync(segment)))
    await backToHealth(member)
    expect(member.log()).toContain('torn tail of the log cut')
    const own = new RawClient(member.endpoint)
    expect((await own.send(TOPIC, [{ body: 'served' }])).status?.code).toBe(Code.OK)
    own.close()
  }
})

test('three members that are killed with torn tails start by themselves and are in no doubt any more', async () => {
  await group.healthy()
  await Promise.all(group.members.map((member) => member.signal('SIGKILL')))
  for (const member of group.members) appendFileSync(lastSegment(member), noise())
  for (const member of group.members) member.start()
  await group.healthy()
  await group.sameDigest()
  for (const member of group.members) {
    expect((await member.admin.describeMember())?.logCondition.inDoubt).toBe(false)
    expect(member.log()).toContain('doubt about the log ended')
  }
  await produce(16)
})

function halfRecord(segment: Buffer): Buffer {
  return segment.subarray(0, RECORD_HEADER_BYTES / 2)
}

function noise(): Buffer {
  return Buffer.from(Array.from({ length: 1000 }, (_, n) => (n * 7919) & 255))
}
