/** Members that lack what the others have removed get a state, while the group goes on. */
import { describe, expect, test } from 'vitest'
import { type SimMember, SimGroup, TINY } from '../../support/sim-group.ts'
import { segmentsOf } from '../../support/log-harness.ts'

const SEGMENT = TINY.segmentBytes ?? 0

/** Proposes commands of 200 bytes, one entry each. */
async function fill(group: SimGroup, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const leader = await group.leader()
    const answer = group.propose(leader, `m${i}`.padEnd(200, '.')).catch(() => undefined)
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

/** Three members, one of which was away while what it lacks was removed. */
async function withOneBehind(seed = 1): Promise<{ group: SimGroup; leader: SimMember; behind: SimMember }> {
  const group = await SimGroup.start(3, seed, TINY)
  await fill(group, 5)
  const leader = await group.leader()
  const behind = group.members.find((member) => member !== leader)
  if (behind === undefined) throw new Error('there are others')
  group.isolate(behind, true)
  await fill(group, 60)
  await raise(group, 3 * SEGMENT)
  expect(leader.server?.kept.span.start).toBe(3 * SEGMENT)
  return { group, leader, behind }
}

/** All members have applied the same, and their segments are equal byte for byte. */
async function expectEqual(group: SimGroup): Promise<void> {
  await group.converge()
  await group.run(500)
  expect(group.members.map((member) => member.failure)).toEqual(group.members.map(() => null))
  const [first, ...others] = group.members.map((member) => segmentsOf(member.disk))
  for (const other of others) expect(other).toEqual(first)
}

function sideFiles(member: SimMember): string[] {
  return member.disk.paths().filter((path) => path.includes('incoming') || path.includes('log/state'))
}

describe('a member that lacks what is gone', () => {
  test('gets tables and log of the group, and then goes on with entries', async () => {
    const { group, behind } = await withOneBehind()
    group.isolate(behind, false)
    await group.until('a state is taken', () => behind.statesTaken === 1)
    await group.until('it is back', () => behind.server !== null)
    await fill(group, 3)
    await expectEqual(group)
    expect(behind.statesTaken).toBe(1)
    await group.run(2_000)
    expect(sideFiles(behind)).toEqual([])
  })
})
