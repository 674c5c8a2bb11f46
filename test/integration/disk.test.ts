/** Disks that fill up under a member: a small file system in memory for each. */
import { afterEach, expect, test } from 'vitest'
import { Code } from '../../src/rpc/apache-enums.ts'
import { until } from '../../jepsen-like/workloads/official-client.ts'
import { Group, type GroupOptions, type Member } from './group.ts'
import { startInVain } from './programs.ts'
import { RawClient } from './raw-client.ts'
import { clear, fill, NO_SMALL_DISKS, SmallDisks } from '../../jepsen-like/cluster/small-disk.ts'

const MIB = 1024 * 1024
const TOPIC = 'full'
const BODY_BYTES = 10_000
const possible = test.runIf(NO_SMALL_DISKS === '')
if (NO_SMALL_DISKS !== '') console.warn(`the tests of full disks are left out: ${NO_SMALL_DISKS}`)

let disks: SmallDisks | undefined
let group: Group | undefined

afterEach(async () => {
  try {
    await group?.close()
  } finally {
    disks?.close()
    group = undefined
    disks = undefined
  }
})

async function startOnSmallDisks(diskReserveBytes: number): Promise<Group> {
  const made = new SmallDisks(64 * MIB)
  disks = made
  const options: GroupOptions = {
    dataFolder: (id) => made.mount(`member-${id}`),
    config: { log: { diskReserveBytes } },
  }
  group = await Group.start(options)
  await group.member(1).admin.createTopic(TOPIC)
  return group
}

function bodyOf(name: string): string {
  return name.padEnd(BODY_BYTES, '.')
}

possible(
  'with its reserve left a leader refuses sends clearly and goes on to deliver and to acknowledge',
  async () => {
    const running = await startOnSmallDisks(24 * MIB)
    const leader = await running.healthy()
    const client = new RawClient(running.others(leader)[0]?.endpoint ?? '')
    for (let n = 0; n < 50; n++) await client.send(TOPIC, [{ body: bodyOf(`m${n}`) }])
    fill(leader.dataFolder, 12 * MIB)
    await until('the leader sees it', 5_000, async () => {
      const state = await leader.admin.describeMember()
      return state?.problems.some((problem) => problem.includes('the disk is nearly full')) === true
    })
    const { status } = await client.send(TOPIC, [{ body: bodyOf('refused') }])
    expect(status?.code).toBe(Code.INTERNAL_SERVER_ERROR)
    expect(status?.message).toMatch(/the leader's disk has \d+ MiB left and keeps 24 MiB/)
    expect(await client.drain(TOPIC, 'g')).toHaveLength(50)
    expect((await leader.admin.describeGroup('g')).summary).toMatchObject({ lag: 0, inFlight: 0 })
    clear(leader.dataFolder)
    await until('the leader takes sends again', 5_000, async () => {
      return (await client.send(TOPIC, [{ body: bodyOf('again') }])).status?.code === Code.OK
    })
    expect(await client.drain(TOPIC, 'g')).toHaveLength(1)
    client.close()
    expect(running.members.every((member) => member.alive)).toBe(true)
    await running.sameDigest()
  },
)

possible(
  'a leader whose disk is full ends with a clear error, the others go on, nothing acknowledged is lost',
  async () => {
    const running = await startOnSmallDisks(0)
    const leader = await running.healthy()
    const client = new RawClient(running.others(leader)[0]?.endpoint ?? '')
    const acknowledged: string[] = []
    let next = 0
    const send = async (): Promise<void> => {
      const name = `m${next++}`
      const { status } = await client.send(TOPIC, [{ body: bodyOf(name) }])
      if (status?.code === Code.OK) acknowledged.push(name)
    }
    for (let n = 0; n < 20; n++) await send()
    fill(leader.dataFolder, 0)
    await until('the leader ended', 20_000, async () => {
      await Promise.all(Array.from({ length: 8 }, send))
      return !leader.alive
    })
    expect(leader.process?.exitCode).toBeGreaterThan(0)
    expect(leader.log()).toMatch(/ENOSPC: no space left on device/)
    const enough = acknowledged.length + 20
    await until('the others serve', 15_000, async () => {
      await send()
      return acknowledged.length >= enough
    })
    await expectEndsAgain(leader)
    clear(leader.dataFolder)
    leader.start()
    await running.healthy()
    const names = (await client.drain(TOPIC, 'g')).map((message) =>
      message.body.toString().replace(/\.+$/, ''),
    )
    expect(new Set(names).size).toBe(names.length)
    expect(acknowledged.filter((name) => !names.includes(name))).toEqual([])
    client.close()
    await running.sameDigest()
  },
)

/** Started on the full disk it ends at once and says why. */
async function expectEndsAgain(member: Member): Promise<void> {
  const { code, text } = await startInVain(member)
  expect(code).toBeGreaterThan(0)
  expect(text).toMatch(/^error: .*no space left on device.*$/)
}
