import { beforeEach, describe, expect, test } from 'vitest'
import { nodeId, type NodeId } from '../../src/base/brand.ts'
import { MEMBERS_MAX } from '../../src/base/limits.ts'
import { MemberChanges, type NewMember } from '../../src/member/member-changes.ts'
import { QuietLogger } from '../support/manual-clock.ts'
import { SimGroup, type SimMember } from '../support/sim-group.ts'

const SILENT_TICKS = 20
let group: SimGroup
/** How members that are to come answer. */
let meet: (id: NodeId) => Promise<string>

/** What changes the members at each member, as `Member` puts it together. */
const changesAt = new Map<NodeId, MemberChanges>()

function attach(member: SimMember): void {
  const server = member.server
  if (server === null) throw new Error('the member is down')
  const changes = new MemberChanges({
    ownId: member.id,
    ledger: server,
    members: member.known,
    meet: ({ id }) => meet(id),
    folderOf: (id) => `folder-${id}`,
    silentTicks: SILENT_TICKS,
    clock: group.clock,
    logger: new QuietLogger(),
  })
  changesAt.set(member.id, changes)
  member.onLeading = (leading) => changes.lead(leading)
  if (server.leading) changes.lead(true)
}

beforeEach(async () => {
  changesAt.clear()
  meet = (id) => Promise.resolve(`folder-${id}`)
  group = await SimGroup.start(3)
  for (const member of group.members) attach(member)
})

async function joined(): Promise<SimMember> {
  const member = await group.join()
  attach(member)
  return member
}

function newMember(id: number, more: Partial<NewMember> = {}): NewMember {
  return { id: nodeId(id), peer: `h${id}:1`, client: `h${id}:2`, listens: false, replaces: 0, ...more }
}

/** Runs a change at the leader. */
async function ask<T>(change: (changes: MemberChanges) => Promise<T>): Promise<T> {
  const leader = await group.leader()
  const changes = changesAt.get(leader.id)
  if (changes === undefined) throw new Error('the leader is unknown')
  let isDone = false
  const work = change(changes).finally(() => {
    isDone = true
  })
  work.catch(() => undefined)
  await group.until('the change ended', () => isDone)
  return work
}

/** The roles of all members, as a member knows them. */
function rolesAt(member: SimMember): Record<string, string> {
  return Object.fromEntries(member.known.inLog.map(({ id, role }) => [id, role]))
}

describe('a member that is added', () => {
  test('listens at first and votes by itself as soon as it has caught up', async () => {
    const added = await joined()
    await ask((changes) => changes.add(newMember(4)))
    const leader = await group.leader()
    expect(leader.known.inLog.find(({ id }) => id === 4)).toMatchObject({
      role: 'learner',
      goal: 'voter',
      peer: 'h4:1',
      client: 'h4:2',
      folderId: 'folder-4',
    })
    await group.until('it votes', () => rolesAt(added)['4'] === 'voter')
    expect(rolesAt(added)).toEqual({ 1: 'voter', 2: 'voter', 3: 'voter', 4: 'voter' })
    expect(added.known.inLog.map(({ folderId }) => folderId)).toEqual([
      'folder-1',
      'folder-2',
      'folder-3',
      'folder-4',
    ])
  })

  test('takes the place of another one in one change, also under the next leader', async () => {
    const first = await group.leader()
    const gone = group.members.find((member) => member !== first) as SimMember
    group.crash(gone)
    const added = await joined()
    group.isolate(added, true)
    await ask((changes) => changes.add(newMember(4, { replaces: gone.id })))
    const voters = await group
      .leader()
      .then((leader) => leader.server?.status.configuration.configuration.voters)
    expect(voters).toEqual([1, 2, 3])
    group.crash(first)
    group.isolate(added, false)
    await group.startMember(first)
    attach(first)
    const left = [...([1, 2, 3] as number[]).filter((id) => id !== gone.id), 4]
    await group.until('it votes', () => Object.keys(rolesAt(added)).join() === left.join())
    expect(new Set(Object.values(rolesAt(added)))).toEqual(new Set(['voter']))
  })

  test('only ever listens when that was asked for', async () => {
    const added = await joined()
    await ask((changes) => changes.add(newMember(4, { listens: true })))
    await group.run(3_000)
    expect(rolesAt(added)).toEqual({ 1: 'voter', 2: 'voter', 3: 'voter', 4: 'learner' })
  })

  test('changes nothing when it is asked for again, and is refused when it is another one', async () => {
    await joined()
    await ask((changes) => changes.add(newMember(4)))
    const { index } = (await group.leader()).known.told
    await ask((changes) => changes.add(newMember(4)))
    expect((await group.leader()).known.told.index).toBe(index)
    const other = ask((changes) => changes.add(newMember(4, { peer: 'elsewhere:1' })))
    await expect(other).rejects.toMatchObject({ code: 'ILLEGAL_OPERATION' })
  })

  test('is refused when it is not there, and nothing is in the log', async () => {
    meet = () => Promise.reject(new Error('nobody there'))
    await expect(ask((changes) => changes.add(newMember(4)))).rejects.toThrow('nobody there')
    expect((await group.leader()).known.inLog).toHaveLength(3)
    meet = (id) => Promise.resolve(`folder-${id}`)
    await joined()
    await ask((changes) => changes.add(newMember(4)))
  })

  test.each([
    ['an id that was given before', newMember(2, { peer: 'x:1' }), 'belongs to the group already'],
    ['an id below the highest', newMember(0), 'was given before'],
    ['an id that is too high', newMember(70_000), 'at most 65535'],
    ['an address that is none', newMember(4, { client: 'here' }), 'is no address'],
    ['the place of nobody', newMember(4, { replaces: nodeId(9) }), 'member 9 is no voter'],
  ])('is refused with %s', async (_, member, reason) => {
    const refusal = ask((changes) => changes.add(member))
    await expect(refusal).rejects.toMatchObject({ code: 'ILLEGAL_OPERATION' })
    await expect(refusal).rejects.toThrow(reason)
  })

  test('is refused at an address of another one, unless it takes its place', async () => {
    await joined()
    await ask((changes) => changes.add(newMember(4, { listens: true })))
    await expect(ask((changes) => changes.add(newMember(5, { peer: 'h4:1' })))).rejects.toThrow(
      'member 4 is reached',
    )
  })

  test(`is refused beside ${MEMBERS_MAX} others`, async () => {
    for (let id = 4; id <= MEMBERS_MAX; id++) {
      await joined()
      await ask((changes) => changes.add(newMember(id, { listens: true })))
    }
    await expect(ask((changes) => changes.add(newMember(MEMBERS_MAX + 1)))).rejects.toThrow('at most')
  })
})

describe('a member that is removed', () => {
  test('is gone for good: its id is not given again, and to remove it again changes nothing', async () => {
    const leader = await group.leader()
    const gone = group.members.find((member) => member !== leader) as SimMember
    await ask((changes) => changes.remove(gone.id))
    expect(Object.keys(rolesAt(leader))).not.toContain(String(gone.id))
    expect(leader.known.standingOf(gone.id)).toBe('removed')
    await ask((changes) => changes.remove(gone.id))
    await expect(ask((changes) => changes.add(newMember(gone.id)))).rejects.toThrow('never given again')
    await expect(ask((changes) => changes.remove(nodeId(9)))).rejects.toThrow('does not belong')
  })

  test('may be the leader: another one leads then', async () => {
    const leader = await group.leader()
    await ask((changes) => changes.remove(leader.id))
    await group.until('another one leads', () =>
      group.members.some((one) => one !== leader && one.server?.leading),
    )
    expect(leader.known.isRemoved(leader.id)).toBe(true)
  })

  test('is kept when the voters that are left do not answer, for the group would stand still', async () => {
    const leader = await group.leader()
    const [one, other] = group.members.filter((member) => member !== leader) as [SimMember, SimMember]
    group.crash(one)
    await group.run(1_000)
    const refusal = ask((changes) => changes.remove(other.id))
    await expect(refusal).rejects.toThrow(`these do not answer: ${one.id}; the group would stand still`)
    await ask((changes) => changes.remove(one.id))
  })

  test('is kept when it is the last voter', async () => {
    group = await SimGroup.start(1)
    for (const member of group.members) attach(member)
    await expect(ask((changes) => changes.remove(nodeId(1)))).rejects.toThrow('the last voter')
  })
})

describe('leadership', () => {
  test('goes to the member that is named, and stays where it is named', async () => {
    const leader = await group.leader()
    const next = group.members.find((member) => member !== leader) as SimMember
    await ask((changes) => changes.transfer(leader.id))
    expect(await group.leader()).toBe(leader)
    await ask((changes) => changes.transfer(next.id))
    await group.until('the next one leads', () => next.server?.leading === true)
  })

  test('does not go to a stranger', async () => {
    const refusal = ask((changes) => changes.transfer(nodeId(9)))
    await expect(refusal).rejects.toMatchObject({
      code: 'ILLEGAL_OPERATION',
      message: 'member 9 is no voter',
    })
  })
})

test('a member that does not lead changes nothing and says so', async () => {
  const leader = await group.leader()
  const follower = group.members.find((member) => member !== leader) as SimMember
  const changes = changesAt.get(follower.id)
  await expect(changes?.remove(leader.id)).rejects.toMatchObject({ code: 'NOT_LEADER', outcome: 'none' })
})

test('of two changes at once the second is told that one is under way', async () => {
  await joined()
  const changes = changesAt.get((await group.leader()).id)
  const first = changes?.add(newMember(4))
  await expect(changes?.remove(nodeId(1))).rejects.toMatchObject({ code: 'BUSY', outcome: 'none' })
  await group.run(1_000)
  await first
})
