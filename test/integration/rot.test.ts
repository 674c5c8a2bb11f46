/** Rot under whole members: 500 flipped bits in a stopped member and in the running leader, and a look at status. */
import { createHash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readFileSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Prng } from '../../src/base/prng.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import { until } from '../../jepsen-like/workloads/official-client.ts'
import { Group, type Member } from './group.ts'
import { cli } from './programs.ts'
import { RawClient } from './raw-client.ts'

const TOPIC = 'rot'
const FLIPS = 500
const MESSAGES = 1_500

let group: Group
let client: RawClient

beforeAll(async () => {
  group = await Group.start({ config: { log: { scrubPeriodMs: 1_000 } } })
  await group.member(1).admin.createTopic(TOPIC)
  client = new RawClient(group.member(1).endpoint)
  await produce(MESSAGES)
  await group.healthy()
})

afterAll(async () => {
  client.close()
  await group.close()
})

async function produce(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const { status } = await client.send(TOPIC, [{ body: `m${n} `.repeat(1 + (n % 50)) }])
    expect(status?.code).toBe(Code.OK)
  }
}

function segmentOf(member: Member): string {
  const [name = ''] = readdirSync(join(member.dataFolder, 'log')).filter((file) => file.endsWith('.segment'))
  return join(member.dataFolder, 'log', name)
}

function hashOf(member: Member): string {
  return createHash('sha256')
    .update(readFileSync(segmentOf(member)))
    .digest('hex')
}

/** Flips one bit at each of 500 places of the first `size` bytes. The places are in 500 parts of that range. */
function flipBits(member: Member, size: number, seed: number): void {
  const prng = new Prng(seed)
  const file = openSync(segmentOf(member), 'r+')
  const byte = Buffer.alloc(1)
  const part = Math.floor(size / FLIPS)
  for (let flip = 0; flip < FLIPS; flip++) {
    const at = flip * part + prng.below(part)
    readSync(file, byte, 0, 1, at)
    writeSync(file, Buffer.of((byte[0] ?? 0) ^ (1 << prng.below(8))), 0, 1, at)
  }
  closeSync(file)
}

test('500 flipped bits in the log of a stopped member are repaired by its start, byte for byte', async () => {
  const leader = await group.healthy()
  const member = group.members.find((one) => one !== leader && one.id !== 1) as Member
  await member.signal('SIGTERM')
  flipBits(member, readFileSync(segmentOf(member)).byteLength, 5)
  member.start()
  await group.healthy()
  await group.sameDigest()
  const condition = (await member.admin.describeMember())?.logCondition
  expect(condition).toMatchObject({ inDoubt: false, openRecords: 0 })
  expect(condition?.repairedRecords).toBeGreaterThan(0)
  await until('the files are equal', 10_000, () => Promise.resolve(hashOf(member) === hashOf(leader)))
})

test('500 flipped bits under the running leader are found by its scrub and repaired, and status tells', async () => {
  const leader = await group.healthy()
  const others = group.others(leader)
  const condition = await leader.admin.describeMember()
  flipBits(leader, condition?.logBytes ?? 0, 6)
  await until('the leader repaired its log', 30_000, () =>
    Promise.resolve(others.every((other) => hashOf(other) === hashOf(leader))),
  )
  await produce(20)
  await group.healthy()
  await group.sameDigest()
  const after = (await leader.admin.describeMember())?.logCondition
  expect(after?.repairedRecords).toBeGreaterThan(400)
  expect(after).toMatchObject({ openRecords: 0, damagedRecords: after?.repairedRecords })
  const status = await cli('status', '--endpoints', group.endpoints.join(','))
  expect(status.text).toContain(`${after?.repairedRecords} repaired`)
  expect(leader.log()).toContain('log scrubbed')
  expect(await client.drain(TOPIC, 'g')).toHaveLength(MESSAGES + 20)
})
