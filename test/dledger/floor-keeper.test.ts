import { expect, test } from 'vitest'
import { type SimMember, SimGroup, TINY } from '../support/sim-group.ts'

const SEGMENT = TINY.segmentBytes ?? 0

function segmentCount(member: SimMember): number {
  return member.disk.paths().filter((path) => path.endsWith('.segment')).length
}

/** Proposes commands of 200 bytes, one entry each. */
async function fill(group: SimGroup, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const leader = await group.leader()
    const answer = group.propose(leader, `m${i}`.padEnd(200, '.')).catch(() => undefined)
    await group.until('the command is answered', () => leader.machine.texts.length > 0)
    await group.run(25)
    await answer
  }
}

async function raise(group: SimGroup, floor: number): Promise<void> {
  const leader = await group.leader()
  const answer = group.propose(leader, `floor ${floor}`)
  await group.until('the floor is applied', () => leader.machine.floor === floor)
  await answer
  await group.run(200)
}

test('segments below the floor of the machine go on every member, after its tables are on the disk', async () => {
  const group = await SimGroup.start(3, 1, TINY)
  await fill(group, 40)
  const order: string[] = []
  for (const member of group.members) {
    member.kv.hook = (call) => {
      if (call === 'sync') order.push(`sync ${member.id}`)
    }
    member.disk.hook = ({ kind, path }) => {
      if (kind === 'remove' && path.endsWith('.segment')) order.push(`remove ${member.id}`)
    }
  }
  const before = group.members.map(segmentCount)
  await raise(group, 2 * SEGMENT)
  expect(group.members.map(segmentCount)).toEqual(before.map((count) => count - 2))
  for (const { id } of group.members) {
    const own = order.filter((line) => line.endsWith(` ${id}`))
    expect(own).toEqual([`sync ${id}`, `remove ${id}`, `remove ${id}`])
  }
  await fill(group, 5)
  await group.converge()
})

test('after a power cut at any time around a removal no member lacks an entry that its tables lack', async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const group = await SimGroup.start(3, seed, TINY)
    let floor = 0
    for (let round = 0; round < 3; round++) {
      await fill(group, 25)
      floor += SEGMENT
      const leader = await group.leader()
      void group.propose(leader, `floor ${floor}`).catch(() => undefined)
      await group.run(25 * group.prng.below(8))
      for (const member of group.members) group.crash(member)
      for (const member of group.members) await group.startMember(member)
      await fill(group, 1)
      await group.converge()
      for (const member of group.members) expect(member.failure).toBeNull()
    }
  }
}, 60_000)

test('what every member holds ends where the slowest one ends, also while it is away', async () => {
  const group = await SimGroup.start(3, 1, TINY)
  await fill(group, 10)
  await group.converge()
  const leader = await group.leader()
  const [slow] = group.members.filter((member) => member !== leader)
  if (slow === undefined) throw new Error('there are others')
  group.isolate(slow, true)
  const end = slow.server?.kept.span.end
  await fill(group, 10)
  expect(leader.server?.kept.sharedEnd).toBe(end)
  group.isolate(slow, false)
  await group.converge()
  await group.run(500)
  expect(leader.server?.kept.sharedEnd).toBe(leader.server?.kept.span.end)
})

test('a removal that a crash interrupted is finished at the next start', async () => {
  const group = await SimGroup.start(1, 1, TINY)
  await fill(group, 40)
  const [member] = group.members
  if (member === undefined) throw new Error('the group has a member')
  member.disk.hook = ({ kind, path }) => {
    if (kind === 'remove' && path.endsWith('.segment')) member.disk.cutPower()
  }
  const before = segmentCount(member)
  await raise(group, 2 * SEGMENT)
  member.disk.hook = undefined
  group.crash(member)
  expect(segmentCount(member)).toBe(before)
  await group.startMember(member)
  await group.run(200)
  expect(segmentCount(member)).toBe(before - 2)
  await fill(group, 1)
  expect(member.failure).toBeNull()
})
