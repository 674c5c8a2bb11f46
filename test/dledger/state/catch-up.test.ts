/** Members that lack what the others have removed get a state, while the group goes on. */
import { describe, expect, test } from 'vitest'
import { type SimMember, SimGroup, TINY } from '../../support/sim-group.ts'
import { decodeRaft } from '../../../src/dledger/peers/index.ts'
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
async function withOneBehind(
  bytesPerSecond = 1 << 30,
): Promise<{ group: SimGroup; leader: SimMember; behind: SimMember }> {
  const group = new SimGroup(3, 1, TINY)
  group.fetchBytesMax = 600
  group.stateBytesPerSecond = bytesPerSecond
  for (const member of group.members) await group.startMember(member)
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

  test('takes it while the group goes on, and is sent no entry that is in it', async () => {
    const { group, leader, behind } = await withOneBehind(4_000)
    const appended: number[] = []
    group.isolate(behind, false)
    await fill(group, 30)
    expect(behind.statesTaken).toBe(0)
    expect(leader.machine.texts.length).toBeGreaterThan(90)
    await group.until('a state is taken', () => behind.statesTaken === 1)
    await group.until('it is back', () => behind.server !== null)
    const from = behind.server?.status.lastIndex ?? 0
    const { server } = behind
    if (server === null) throw new Error('it is back')
    const receive = server.received.bind(server)
    server.received = (peer, body) => {
      const decoded = decodeRaft(body)
      if (decoded.type === 'message' && decoded.message.type === 'append' && decoded.message.count > 0)
        appended.push(decoded.message.prevIndex + 1)
      receive(peer, body)
    }
    await fill(group, 3)
    await expectEqual(group)
    expect(Math.min(...appended)).toBeGreaterThan(from)
  })

  test('goes on where it was after a broken link, and after a restart', async () => {
    const { group, behind } = await withOneBehind(400)
    group.isolate(behind, false)
    await group.until('something came in', () => sideFiles(behind).some((path) => path.includes('.segment')))
    await group.run(1_000)
    const bytes = (): number =>
      sideFiles(behind).reduce((sum, path) => sum + behind.disk.bytesOf(path).byteLength, 0)
    const first = bytes()
    group.isolate(behind, true)
    await group.run(2_000)
    group.isolate(behind, false)
    await group.run(2_000)
    expect(bytes()).toBeGreaterThan(first)
    const second = bytes()
    await behind.server?.close()
    behind.server = null
    group.stateBytesPerSecond = 1 << 30
    await group.startMember(behind)
    expect(bytes()).toBeGreaterThanOrEqual(second)
    await group.until('a state is taken', () => behind.statesTaken === 1)
    await expectEqual(group)
  })

  test('gets one of the next leader when the first one dies in the middle', async () => {
    const { group, leader, behind } = await withOneBehind(1_000)
    group.isolate(behind, false)
    await group.until('something came in', () => sideFiles(behind).some((path) => path.includes('.segment')))
    group.crash(leader)
    await group.until('another leads', () => group.members.some((member) => member.server?.leading === true))
    await fill(group, 3)
    await group.until('a state is taken', () => behind.statesTaken >= 1)
    await group.startMember(leader)
    await expectEqual(group)
  })

  test('holds what it is being sent: no segment of it goes before it is there', async () => {
    const { group, leader, behind } = await withOneBehind(400)
    group.isolate(behind, false)
    await group.until('something came in', () => sideFiles(behind).some((path) => path.includes('.segment')))
    await fill(group, 60)
    await raise(group, 6 * SEGMENT)
    expect(leader.server?.kept.span.start).toBe(3 * SEGMENT)
    await group.run(20_000)
    expect(behind.statesTaken).toBeGreaterThan(0)
    await group.run(90_000)
    await fill(group, 1)
    await group.until('it goes then', () => leader.server?.kept.span.start === 6 * SEGMENT)
    await expectEqual(group)
  })
})

describe('a new member of a group whose log begins late', () => {
  test('gets the state with nothing of its own, and knows from it who belongs to the group', async () => {
    const group = await SimGroup.start(3, 1, TINY)
    await fill(group, 60)
    await raise(group, 3 * SEGMENT)
    const added = await group.join()
    const { requests } = (await group.leader()).server ?? {}
    const voters = group.members.filter((member) => member !== added).map(({ id }) => id)
    const change = requests?.changeMembers({ voters, learners: [added.id] })
    await group.until('a state is taken', () => added.statesTaken === 1)
    expect(await change).toMatchObject({ type: 'changed' })
    await fill(group, 3)
    await expectEqual(group)
    expect(added.server?.status.configuration.configuration).toMatchObject({ voters, learners: [added.id] })
  })
})
