/** A member that was away until the others had removed what it lacks: it gets the state, while sends go on. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { until } from '../../jepsen-like/workloads/official-client.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import { Group, type Member } from './group.ts'
import { RawClient } from './raw-client.ts'

const MIB = 1024 * 1024
const TOPIC = 'kept'

let group: Group | undefined

afterEach(async () => {
  await group?.close()
  group = undefined
})

function segmentsOf(member: Member): string[] {
  return readdirSync(join(member.dataFolder, 'log')).filter((name) => name.endsWith('.segment'))
}

test('a member whose place in the log is gone gets the state while sends go on, and can lead the group then', async () => {
  group = await Group.start({
    config: { log: { segmentBytes: 64 * MIB }, retention: { bytes: 128 * MIB, awayBytes: 0 } },
  })
  const running = group
  const leader = await running.healthy()
  await leader.admin.createTopic(TOPIC, 1)
  const [away, stays] = running.others(leader)
  if (away === undefined || stays === undefined) throw new Error('there are three members')
  const client = new RawClient(stays.endpoint)
  const sent: string[] = []
  const send = async (name: string, size: number): Promise<void> => {
    const { status } = await client.send(TOPIC, [{ body: name.padEnd(size, '.') }])
    expect(status?.code).toBe(Code.OK)
    sent.push(name)
  }
  await send('first', 10)
  await away.signal('SIGKILL')
  for (let n = 0; n < 130; n++) await send(`m${n}`, 2 * MIB)
  await until('the oldest segments are gone', 60_000, async () => {
    return !segmentsOf(leader).includes(`${'0'.repeat(20)}.segment`)
  })

  const during = { isOver: false }
  const sends = (async (): Promise<void> => {
    for (let n = 0; !during.isOver; n++) await send(`during${n}`, 1_000)
  })()
  const before = sent.length
  away.start()
  await until('the member has caught up', 60_000, async () => {
    const [its, leads] = [await away.admin.describeMember(), await leader.admin.describeMember()]
    return its !== undefined && leads !== undefined && its.appliedIndex + 50 > leads.appliedIndex
  })
  during.isOver = true
  await sends
  expect(away.log()).toContain('state of the group installed')
  expect(sent.length).toBeGreaterThan(before)
  await running.healthy()
  expect(segmentsOf(away)).toEqual(segmentsOf(leader))

  await leader.signal('SIGKILL')
  await until('another member leads', 30_000, async () => {
    const { status } = await client.send(TOPIC, [{ body: 'after' }])
    return status?.code === Code.OK
  })
  leader.start()
  await running.healthy()
  client.close()
  await running.sameDigest()
})
