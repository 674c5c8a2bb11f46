import { expect, test } from 'vitest'
import { BrokerError } from '../../src/base/errors.ts'
import { UNCOMMITTED_BYTES_MAX } from '../../src/base/limits.ts'
import type { EncodedCommand } from '../../src/dledger/proposals.ts'
import { command, type SimMember, SimGroup } from '../support/sim-group.ts'

test('a command is answered after it was applied, on every member the same', async () => {
  const group = await SimGroup.start(3)
  const leader = await group.leader()
  const answers = Promise.all(['a', 'b', 'c'].map((text) => group.propose(leader, text)))
  await group.until('three are applied', () => leader.machine.texts.length === 3)
  expect((await answers).map((answer) => answer.reply)).toEqual(['did a', 'did b', 'did c'])
  await group.converge()
  for (const member of group.members) expect(member.machine.texts).toEqual(['a', 'b', 'c'])
})

test('commands that wait while the disk is busy become one entry', async () => {
  const group = await SimGroup.start(1)
  const leader = await group.leader()
  const before = leader.server?.status.lastIndex ?? 0
  const answers = await settled(
    group,
    Array.from({ length: 50 }, (_, n) => group.propose(leader, `m${n}`)),
  )
  expect(new Set(answers.map((answer) => answer.index)).size).toBeLessThan(5)
  expect(leader.server?.status.lastIndex ?? 0).toBeLessThan(before + 5)
})

test('a member that does not lead refuses a command and nothing happens', async () => {
  const group = await SimGroup.start(3)
  const leader = await group.leader()
  const follower = group.members.find((member) => member !== leader) as SimMember
  const refused = await group.propose(follower, 'x').catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'NOT_LEADER', outcome: 'none' })
  await group.converge()
  expect(leader.machine.texts).toEqual([])
})

test('a leader that is cut off acknowledges nothing and ends what waits as unknown', async () => {
  const group = await SimGroup.start(3)
  const old = await group.leader()
  group.isolate(old, true)
  const lost = group.propose(old, 'lost').catch((error: unknown) => error)
  await group.until('another one leads', () =>
    group.members.some((member) => member !== old && member.server?.leading === true),
  )
  expect(await lost).toMatchObject({ code: 'NOT_LEADER', outcome: 'unknown' })
  const leader = group.members.find((member) => member !== old && member.server?.leading === true)
  await settled(group, [group.propose(leader as SimMember, 'kept')])
  group.isolate(old, false)
  await group.converge()
  for (const member of group.members) expect(member.machine.texts).toEqual(['kept'])
})

test('a leader without a majority takes so many bytes and is busy from then on', async () => {
  const group = await SimGroup.start(3)
  const leader = await group.leader()
  group.isolate(leader, true)
  const outcomes: string[] = []
  const propose = (proposed: EncodedCommand): void => {
    leader.server?.propose(proposed).catch((error: unknown) => {
      if (error instanceof BrokerError) outcomes.push(`${error.code} ${error.outcome}`)
    })
  }
  propose({ size: UNCOMMITTED_BYTES_MAX - 2, chunks: [] })
  await group.run(50)
  expect(leader.server?.status.commitIndex).toBeLessThan(leader.server?.status.lastIndex ?? 0)
  propose(command('b'))
  propose(command('c'))
  await group.run(0)
  await Promise.resolve()
  expect(outcomes).toEqual(['BUSY none'])
  await group.until('it gave up', () => leader.server?.leading === false)
  expect(outcomes.slice(1)).toEqual(['NOT_LEADER unknown', 'NOT_LEADER unknown'])
})

test('all members lose power at once: everything acknowledged is there, the state is the same', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const group = await SimGroup.start(3, seed)
    const acknowledged: string[] = []
    for (let round = 0; round < 4; round++) {
      const leader = await group.leader()
      for (let n = 0; n < 12; n++) {
        const text = `s${seed}r${round}n${n}`
        group.propose(leader, text).then(
          () => acknowledged.push(text),
          () => undefined,
        )
        if (group.prng.chance(0.4)) await group.run(25)
      }
      for (const member of group.members) group.crash(member)
      for (const member of group.members) await group.startMember(member)
    }
    await group.leader()
    const sum = await group.converge()
    const rebuilt = await replayed(group)
    expect(rebuilt.sum, `seed ${seed}`).toBe(sum)
    for (const text of acknowledged) expect(rebuilt.texts, `seed ${seed}`).toContain(text)
    expect(acknowledged.length).toBeGreaterThan(0)
  }
})

test('tables are deleted on a stopped member and come back identical from the log', async () => {
  const group = await SimGroup.start(3)
  const leader = await group.leader()
  await settled(
    group,
    ['a', 'b', 'c', 'd'].map((text) => group.propose(leader, text)),
  )
  const sum = await group.converge()
  const rebuilt = await replayed(group)
  expect(rebuilt.sum).toBe(sum)
  expect(rebuilt.texts).toEqual(['a', 'b', 'c', 'd'])
})

test('a failed write stops the member and the others go on', async () => {
  const group = await SimGroup.start(3)
  const leader = await group.leader()
  leader.disk.hook = (operation) => {
    if (operation.kind === 'sync') throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
  }
  const unknown = group.propose(leader, 'x').catch((error: unknown) => error)
  await group.until('the member stopped', () => leader.failure !== null)
  expect(await unknown).toBeInstanceOf(BrokerError)
  expect(leader.failure).toMatchObject({ code: 'STORAGE_FAILED' })
  leader.server = null
  const next = await group.leader()
  expect(next).not.toBe(leader)
  const answers = await settled(group, [group.propose(next, 'y')])
  expect(answers.map((answer) => answer.reply)).toEqual(['did y'])
})

test('a member that was away catches up from the disk of the leader', async () => {
  const group = await SimGroup.start(3)
  const leader = await group.leader()
  const away = group.members.find((member) => member !== leader) as SimMember
  group.crash(away)
  const body = 'z'.repeat(200_000)
  for (let n = 0; n < 20; n++) await settled(group, [group.propose(leader, `${n}${body}`)])
  await group.startMember(away)
  await group.converge()
  expect(away.machine.texts).toHaveLength(20)
})

test('a leader that hands over leaves nobody in doubt, and another one leads without an election timeout', async () => {
  const group = await SimGroup.start(3)
  const old = await group.leader()
  const ends: string[] = []
  const send = (text: string): void => {
    group.propose(old, text).then(
      () => ends.push('applied'),
      (error: unknown) => ends.push(error instanceof BrokerError ? error.outcome : 'failed'),
    )
  }
  for (let n = 0; n < 20; n++) send(`m${n}`)
  await new Promise((resolve) => setImmediate(resolve))
  const left = old.server?.handOver(new AbortController().signal)
  send('later')
  // Less than the shortest election timeout of 10 ticks.
  await group.run(200)
  expect(await left).toMatchObject({ type: 'left' })
  expect(ends).toEqual([...Array.from({ length: 20 }, () => 'applied'), 'none'])
  expect(old.server?.leading).toBe(false)
  expect(group.members.filter((member) => member.server?.leading === true)).toHaveLength(1)
  await group.converge()
})

test('a leader that nobody can follow leads on after a hand-over that failed', async () => {
  const group = await SimGroup.start(1)
  const leader = await group.leader()
  const left = leader.server?.handOver(new AbortController().signal)
  const answer = group.propose(leader, 'still')
  await settled(group, [answer])
  expect(await left).toMatchObject({ type: 'refused' })
  const three = await SimGroup.start(3)
  const follower = three.members.find((member) => member.server?.leading !== true)
  expect(await follower?.server?.handOver(new AbortController().signal)).toMatchObject({ type: 'refused' })
})

test('a read index covers what was answered before, and only a leader that is followed gives one', async () => {
  const group = await SimGroup.start(3)
  const leader = await group.leader()
  const [written] = await settled(group, [group.propose(leader, 'a')])
  const [index] = await settled(group, [
    leader.server?.requests.readIndex() ?? Promise.reject(new Error('it is down')),
  ])
  expect(index).toBeGreaterThanOrEqual(written?.index ?? Infinity)
  const follower = group.members.find((member) => member !== leader)
  const refused = follower?.server?.requests.readIndex().catch((error: unknown) => error)
  await group.run(25)
  expect(await refused).toMatchObject({ code: 'NOT_LEADER', outcome: 'none' })
  group.isolate(leader, true)
  const stale = leader.server?.requests.readIndex().catch((error: unknown) => error)
  await group.until('another one leads', () =>
    group.members.some((member) => member !== leader && member.server?.leading === true),
  )
  expect(await stale).toMatchObject({ code: 'NOT_LEADER', outcome: 'none' })
  await leader.server?.close()
  await expect(leader.server?.requests.readIndex()).rejects.toMatchObject({ code: 'NOT_LEADER' })
})

/** Drops one member's tables and lets it rebuild them from its log. */
async function replayed(group: SimGroup): Promise<{ readonly sum: number; readonly texts: string[] }> {
  const leader = await group.leader()
  const member = group.members.find((one) => one !== leader) ?? leader
  await member.server?.close()
  await member.kv.batch([{ key: new Uint8Array([1]), value: null }])
  await group.startMember(member)
  expect(member.machine.appliedIndex).toBe(0)
  await group.converge()
  return member.machine
}

/** Lets time pass until all promises are fulfilled. */
async function settled<T>(group: SimGroup, promises: readonly Promise<T>[]): Promise<T[]> {
  let done = false
  const all = Promise.all(promises).finally(() => {
    done = true
  })
  all.catch(() => undefined)
  await group.until('all are answered', () => done)
  return all
}
