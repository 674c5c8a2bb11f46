/** Segments that go while a group runs, with a member that dies and comes back. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Code } from '../../src/rpc/apache-enums.ts'
import { until } from '../../jepsen-like/workloads/official-client.ts'
import { Group, type Member } from './group.ts'
import { RawClient } from './raw-client.ts'

const MIB = 1024 * 1024
const TOPIC = 'kept'
const BODY_BYTES = 2 * MIB

let group: Group | undefined

afterEach(async () => {
  await group?.close()
  group = undefined
})

function segmentsOf(member: Member): string[] {
  return readdirSync(join(member.dataFolder, 'log')).filter((name) => name.endsWith('.segment'))
}

function nameOf(body: Uint8Array): string {
  return Buffer.from(body).toString('latin1').replace(/\.+$/, '')
}

async function sendSome(client: RawClient, first: number, count: number): Promise<void> {
  for (let n = first; n < first + count; n++) {
    const { status } = await client.send(TOPIC, [{ body: `m${n}`.padEnd(BODY_BYTES, '.') }])
    expect(status?.code).toBe(Code.OK)
  }
}

test('a log beyond the retention size loses its oldest segments on every member, and nothing that is in flight', async () => {
  group = await Group.start({
    config: { log: { segmentBytes: 64 * MIB }, retention: { bytes: 128 * MIB } },
  })
  const running = group
  const leader = await running.healthy()
  await leader.admin.createTopic(TOPIC, 1)
  const client = new RawClient(running.others(leader)[0]?.endpoint ?? '')
  await sendSome(client, 0, 3)
  const held = await client.receive(TOPIC, 'g', { batchSize: 2, invisibleS: 60 })
  expect(held.messages.map((one) => nameOf(one.body))).toEqual(['m0', 'm1'])
  await sendSome(client, 3, 130)
  await until('the first segments are gone everywhere', 60_000, async () => {
    return running.members.every((member) => !segmentsOf(member).includes(`${'0'.repeat(20)}.segment`))
  })
  const victim = running.others(leader)[1]
  await victim?.signal('SIGKILL')
  await sendSome(client, 133, 20)
  victim?.start()
  await running.healthy()
  await client.ack(TOPIC, 'g', held.messages.slice(0, 1))
  await leader.signal('SIGKILL')
  leader.start()
  await running.healthy()
  await until('all members keep the same segments', 60_000, async () => {
    const kept = running.members.map((member) => segmentsOf(member).join())
    return new Set(kept).size === 1
  })
  const names: string[] = []
  await until('the message in flight comes again', 90_000, async () => {
    const { messages } = await client.receive(TOPIC, 'g', { batchSize: 4, waitMs: 2_000 })
    names.push(...messages.map((one) => nameOf(one.body)))
    await client.ack(TOPIC, 'g', messages)
    return names.includes('m1')
  })
  expect(names).not.toContain('m0')
  expect(names).not.toContain('m2')
  expect(new Set(names).size).toBe(names.length)
  client.close()
  await running.sameDigest()
})
