/** The first failed fsync of Raft state ends the member, before anything that depends on it leaves. */
import { expect, test } from 'vitest'
import { SimDiskError } from '../support/sim-disk.ts'
import { SimGroup } from '../support/sim-group.ts'

test.each(['write', 'sync'] as const)(
  'a vote whose %s fails never leaves: the member stops and elects nobody',
  async (kind) => {
    const group = await SimGroup.start(3)
    const [first, second, third] = group.members
    if (first === undefined || second === undefined || third === undefined) throw new Error('three members')
    group.isolate(third, true)
    for (const member of [first, second]) {
      member.disk.hook = (operation) => {
        if (operation.path === 'meta' && operation.kind === kind) throw new SimDiskError('EIO')
      }
    }
    await group.until('somebody stopped', () => first.failure !== null || second.failure !== null)
    await group.run(5_000)
    for (const member of [first, second]) expect(member.server?.leading).toBe(false)
    const failed = [first, second].filter((member) => member.failure !== null)
    for (const member of failed) expect(member.failure).toMatchObject({ code: 'STORAGE_FAILED' })
  },
)

test('records whose fsync fails once are never acknowledged, though later ones would succeed', async () => {
  const group = await SimGroup.start(3)
  const leader = await group.leader()
  const followers = group.members.filter((member) => member !== leader)
  for (const member of followers) {
    let failures = 0
    member.disk.hook = ({ kind, path }) => {
      if (path.endsWith('.segment') && kind === 'sync' && failures++ === 0) throw new SimDiskError('EIO')
    }
  }
  let applied = false
  group.propose(leader, 'on one disk only').then(
    () => (applied = true),
    () => undefined,
  )
  await group.run(3_000)
  expect(applied).toBe(false)
  for (const member of followers) expect(member.failure).toMatchObject({ code: 'STORAGE_FAILED' })
  expect(leader.machine.texts).toEqual([])
})
