/** Whole members whose logs end in damage: nobody leads without what may be lost, and all together start. */
import { expect, test } from 'vitest'
import { encodeSlot } from '../../src/dledger/slot-pair.ts'
import { SYNCED_MARK_MAGIC, SYNCED_MARK_PATH } from '../../src/dledger/synced-mark.ts'
import { settle } from '../support/manual-clock.ts'
import { SimGroup, type SimMember } from '../support/sim-group.ts'

const SEGMENT_BYTES = 1 << 25
const SEGMENT = 'log/00000000000000000000.segment'

/**
 * Power goes, and the end of the log is found damaged: half a record stands there, or the last one rotted. The
 * mark that survived is an old one, and the tables are lost.
 */
async function crashDamaged(group: SimGroup, member: SimMember, how: 'torn' | 'rotten'): Promise<void> {
  group.crash(member)
  // What was under way when the power went ends first.
  for (let i = 0; i < 10; i++) await settle()
  await member.kv.batch([{ key: new Uint8Array([1]), value: null }])
  const slot = encodeSlot(SYNCED_MARK_MAGIC, { sequence: 1_000_000, first: 0, second: SEGMENT_BYTES })
  member.disk.edit(SYNCED_MARK_PATH, () => Buffer.concat([slot, slot]))
  member.disk.edit(SEGMENT, (bytes) => {
    if (how === 'torn') return Buffer.concat([bytes, bytes.subarray(0, 40)])
    bytes[bytes.byteLength - 1] = (bytes.at(-1) ?? 0) ^ 1
    return bytes
  })
}

async function say(group: SimGroup, leader: SimMember, text: string): Promise<void> {
  const applied = group.propose(leader, text)
  await group.run(50)
  await applied
}

function doubtful(group: SimGroup): number {
  return group.members.filter((member) => member.server?.status.doubtTerm != null).length
}

test('three members with torn tails after a common power cut start by themselves and are in no doubt then', async () => {
  const group = await SimGroup.start(3)
  const leader = await group.leader()
  for (let n = 0; n < 20; n++) await say(group, leader, `m${n}`)
  const before = await group.converge()
  for (const member of group.members) await crashDamaged(group, member, 'torn')
  for (const member of group.members) await group.startMember(member)
  expect(doubtful(group)).toBe(3)
  await group.leader()
  const sum = await group.converge()
  expect(sum).toBe(before)
  expect(doubtful(group)).toBe(0)
  for (const member of group.members) expect(member.disk.paths()).not.toContain('log/doubt')
})

test('a member that lost what only it and a dead one held elects nobody who is behind', async () => {
  const group = await SimGroup.start(3)
  const leader = await group.leader()
  const [holder, behind] = group.members.filter((member) => member !== leader) as [SimMember, SimMember]
  group.isolate(behind, true)
  await say(group, leader, 'committed by two')
  const { sum } = leader.machine
  group.crash(leader)
  await crashDamaged(group, holder, 'rotten')
  group.isolate(behind, false)
  await group.startMember(holder)
  expect(doubtful(group)).toBe(1)
  await group.run(10_000)
  for (const member of [holder, behind]) expect(member.server?.leading).toBe(false)
  await group.startMember(leader)
  expect(await group.converge()).toBe(sum)
  expect(doubtful(group)).toBe(0)
})

test('a member whose tail was damaged comes back while the leader of its last term lives', async () => {
  const group = await SimGroup.start(3)
  const leader = await group.leader()
  for (let n = 0; n < 5; n++) await say(group, leader, `m${n}`)
  await group.converge()
  const member = group.members.find((one) => one !== leader) as SimMember
  await crashDamaged(group, member, 'rotten')
  await group.startMember(member)
  expect(doubtful(group)).toBe(1)
  await group.until('the doubt is over', () => doubtful(group) === 0)
  await say(group, await group.leader(), 'after')
  await group.converge()
  expect(member.machine.texts.at(-1)).toBe('after')
})

test('two of three that lost durable tails are repaired by the third, though nobody can commit', async () => {
  const group = await SimGroup.start(3)
  const leader = await group.leader()
  for (let n = 0; n < 10; n++) await say(group, leader, `m${n}`)
  const before = await group.converge()
  await group.run(2_000)
  for (const member of group.members) {
    group.crash(member)
    for (let i = 0; i < 10; i++) await settle()
    await member.kv.batch([{ key: new Uint8Array([1]), value: null }])
  }
  for (const member of group.members.slice(1)) {
    member.disk.edit(SEGMENT, (bytes) => bytes.slice(0, 200 + 100 * member.id))
  }
  let left = 3
  for (const member of group.members) void group.startMember(member).then(() => left--)
  await group.until('all have started', () => left === 0)
  await group.leader()
  expect(await group.converge()).toBe(before)
  expect(doubtful(group)).toBe(0)
})
