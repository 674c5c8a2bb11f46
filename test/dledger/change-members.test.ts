/** The log service on simulated disks while its members change. */
import { describe, expect, test } from 'vitest'
import { logIndex, nodeId } from '../../src/base/brand.ts'
import type { DLedgerServer } from '../../src/dledger/server.ts'
import type { ChangeOutcome } from '../../src/raft/index.ts'
import { SimGroup, type SimMember, TINY } from '../support/sim-group.ts'

function serverOf(member: SimMember): DLedgerServer<string> {
  if (member.server === null) throw new Error('the member is down')
  return member.server
}

async function settled<T>(group: SimGroup, work: Promise<T>): Promise<T> {
  let isDone = false
  const done = work.finally(() => {
    isDone = true
  })
  done.catch(() => undefined)
  await group.until('it is done', () => isDone)
  return done
}

/** Asks the leader for these members and waits for the outcome. */
async function change(group: SimGroup, voters: number[], learners: number[] = []): Promise<ChangeOutcome> {
  const target = { voters: voters.map(nodeId), learners: learners.map(nodeId) }
  const details = Uint8Array.of(voters.length, learners.length)
  const { requests } = serverOf(await group.leader())
  return settled(group, requests.changeMembers({ ...target, details }))
}

/** As `change`, again and again while it is refused. */
async function changed(group: SimGroup, voters: number[], learners: number[] = []): Promise<void> {
  for (let n = 0; n < 100; n++) {
    if ((await change(group, voters, learners)).type === 'changed') return
    await group.run(50)
  }
  throw new Error('the change was refused for too long')
}

/** Writes `m<from>` to `m<to - 1>`, at most five in an entry. */
async function write(group: SimGroup, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += 5) {
    const leader = await group.leader()
    const numbers = Array.from({ length: Math.min(5, to - first) }, (_, at) => first + at)
    const writes = numbers.map((n) => group.propose(leader, `m${n} ${'.'.repeat(200)}`))
    await settled(group, Promise.all(writes))
  }
}

function votersOf(member: SimMember): readonly number[] {
  return serverOf(member).status.configuration.configuration.voters
}

describe('a dead member', () => {
  test('is replaced by a new one with an empty folder while the group serves', async () => {
    const group = await SimGroup.start(3, 1, TINY)
    await write(group, 0, 30)
    const dead = group.members.find((member) => member.server?.leading !== true) as SimMember
    group.crash(dead)
    const added = await group.join()
    const rest = group.members.filter((member) => member !== dead).map(({ id }) => id as number)
    await changed(group, [1, 2, 3], [added.id])
    await write(group, 30, 40)
    await changed(group, rest)
    await write(group, 40, 60)
    await group.converge()
    expect(votersOf(added)).toEqual(rest)
    expect(added.machine.texts).toHaveLength(60)
    // Another of the first three may go now: the new one counts.
    group.crash(group.members.find(({ id }) => id === rest[0]) as SimMember)
    await write(group, 60, 70)
    await group.converge()
  })

  test('that comes back after it was replaced elects nobody', async () => {
    const group = await SimGroup.start(3, 2)
    const leader = await group.leader()
    const gone = group.members.find((member) => member !== leader) as SimMember
    group.isolate(gone, true)
    const added = await group.join()
    for (const link of [`${gone.id}>${added.id}`, `${added.id}>${gone.id}`]) group.cut.add(link)
    const rest = group.members.filter((member) => member !== gone).map(({ id }) => id as number)
    await changed(group, [1, 2, 3], [added.id])
    await changed(group, rest)
    await group.run(500)
    const { term } = serverOf(await group.leader()).status
    group.isolate(gone, false)
    await group.run(3_000)
    expect((await group.leader()).id).toBe(leader.id)
    expect(serverOf(leader).status.term).toBe(term)
  })
})

test('a new member votes for nobody and leads nothing before it is told who belongs to the group', async () => {
  const group = await SimGroup.start(1)
  const added = await group.join()
  await group.run(3_000)
  expect(serverOf(added).status).toMatchObject({ role: 'follower', term: 0 })
  await changed(group, [1], [2])
  await changed(group, [1, 2])
  await group.converge()
  expect(votersOf(added)).toEqual([1, 2])
})

test('of two changes at once the second is refused', async () => {
  const group = await SimGroup.start(3)
  await group.join()
  const { requests } = serverOf(await group.leader())
  const one = { voters: [1, 2, 3].map(nodeId), learners: [nodeId(4)] }
  const outcomes = Promise.all([requests.changeMembers(one), requests.changeMembers(one)])
  expect(await settled(group, outcomes)).toMatchObject([{ type: 'changed' }, { type: 'refused' }])
})

test.each([1, 2, 3])(
  'power lost anywhere in a change leaves one group and all that was acknowledged (seed %i)',
  async (seed) => {
    const group = await SimGroup.start(3, seed, TINY)
    await group.join()
    let changes = 0
    for (let round = 0; round < 12; round++) {
      const leader = serverOf(await group.leader())
      const { voters, learners } = leader.status.configuration.configuration
      const [to, listening] = voters.includes(nodeId(4)) ? [[1, 2, 3], [4]] : [[1, 2, 4], [3]]
      const isReady = voters.includes(nodeId(4)) || learners.includes(nodeId(4))
      const target = isReady ? { voters: to, learners: listening } : { voters: [1, 2, 3], learners: [4] }
      const { index } = leader.status.configuration
      void leader.requests.changeMembers({
        voters: target.voters.map(nodeId),
        learners: target.learners.map(nodeId),
      })
      await group.run(group.prng.below(120))
      const struck = group.prng.pick(group.members)
      group.crash(struck)
      await group.run(group.prng.below(200))
      await group.startMember(struck)
      await group.run(1_000)
      await write(group, 3 * round, 3 * round + 3)
      if (serverOf(await group.leader()).status.configuration.index > index) changes++
    }
    expect(changes).toBeGreaterThan(3)
    await group.converge()
    const all = await namesIn(await group.leader())
    for (let n = 0; n < 36; n++) expect(all).toContain(`m${n}`)
  },
)

/** The names of all commands in the log of a member. */
async function namesIn({ log }: SimMember): Promise<string[]> {
  const bodies: Uint8Array[] = []
  for (let index = 1; index <= (log?.lastIndex ?? 0); index++) {
    bodies.push((await log?.readBody(logIndex(index))) ?? new Uint8Array(0))
  }
  const lines = Buffer.concat(bodies).toString().split('\n')
  return lines.map((line) => line.split(' ')[0] ?? '')
}
