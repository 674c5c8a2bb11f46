/** A group saved from a stopped member while the others go on, and a new group made from the file. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Code } from '../../src/rpc/apache-enums.ts'
import { Group } from './group.ts'
import { cli, editConfig } from './programs.ts'
import { RawClient } from './raw-client.ts'

const TOPIC = 'saved'

let group: Group
let file: string

beforeAll(async () => {
  group = await Group.start()
  file = join(group.folder, 'group.dls')
  await group.member(1).admin.createTopic(TOPIC)
})

afterAll(async () => {
  await group.close()
})

async function send(names: readonly string[]): Promise<void> {
  const client = new RawClient(group.member(1).endpoint)
  for (const name of names) {
    expect((await client.send(TOPIC, [{ body: name }])).status?.code).toBe(Code.OK)
  }
  client.close()
}

test('a group that was saved from one stopped member is a new group with all that it held', async () => {
  const names = Array.from({ length: 100 }, (_, n) => `m${n}`)
  await send(names)
  await group.healthy()
  const source = group.member(3)
  const running = await cli('snapshot', 'save', file, '-c', source.configFile)
  expect(running.code).not.toBe(0)
  const whileItRuns = `${file}.running`
  const online = await cli('snapshot', 'save', whileItRuns, '-e', source.endpoint, '--json')
  expect(online).toMatchObject({ code: 0 })
  expect(await cli('snapshot', 'inspect', whileItRuns, '--json')).toEqual(online)
  await source.signal('SIGTERM')
  const saved = await cli('snapshot', 'save', file, '-c', source.configFile, '--json')
  expect(saved).toMatchObject({ code: 0 })
  await send(['later'])
  source.start()
  await group.healthy()
  const inspected = await cli('snapshot', 'inspect', file, '--json')
  expect(inspected).toEqual(saved)
  const { savedAtMs: _, ...same } = JSON.parse(saved.text) as Readonly<Record<string, unknown>>
  expect(JSON.parse(online.text)).toMatchObject(same)
  const manifest = JSON.parse(saved.text) as { readonly digest: string; readonly clusterId: string }

  for (const member of group.members) {
    await member.signal('SIGKILL')
    rmSync(member.dataFolder, { recursive: true })
  }
  const refused = await cli('snapshot', 'restore', file, '-c', group.member(1).configFile)
  expect(refused.code).not.toBe(0)
  expect(refused.text).toContain(manifest.clusterId)
  for (const member of group.members) {
    rmSync(member.dataFolder, { recursive: true, force: true })
    editConfig(member, { bootstrap: 'another' })
    const restored = await cli('snapshot', 'restore', file, '-c', member.configFile, '--json')
    expect(restored).toEqual(saved)
    member.start()
  }
  await group.healthy()
  const [state] = [...(await group.states()).values()]
  expect(state?.problems).toEqual([])
  const client = new RawClient(group.member(2).endpoint)
  const got = (await client.drain(TOPIC, 'g')).map((message) => message.body.toString())
  expect(got.toSorted()).toEqual(names.toSorted())
  client.close()
  await send(['new'])
  await group.sameDigest()
})
