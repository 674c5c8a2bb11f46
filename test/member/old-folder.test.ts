/** Data folders of earlier programs, opened by this one. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { logIndex, nodeId, term } from '../../src/base/brand.ts'
import type { BrokerConfig } from '../../src/base/config.ts'
import { parseBrokerConfig } from '../../src/cli/config-file.ts'
import { encodeConfiguration } from '../../src/dledger/configuration-codec.ts'
import { type MemberStorage, openStorage } from '../../src/member/storage.ts'
import { ManualClock, QuietLogger } from '../support/manual-clock.ts'

const OLD = join(import.meta.dirname, '..', 'formats', 'folder-1')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dledger-old-'))
  cpSync(OLD, folder, { recursive: true })
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

function config(ids: readonly number[]): BrokerConfig {
  const members = ids.map((id) => `{ id: ${id}, client: 'a:${id}', peer: 'b:${id}' }`).join(', ')
  return parseBrokerConfig(`{ group: broker-old, id: 1, data: '${folder}', members: [${members}] }`, 'n.yaml')
}

async function opened(ids: readonly number[]): Promise<MemberStorage> {
  const link = { open: () => undefined, repair: () => ({ source: { peers: [], fetch }, signal, recovering }) }
  const failed = (error: unknown): void => {
    throw error
  }
  return openStorage(config(ids), new ManualClock(), new QuietLogger(), failed, link)
}

const signal = new AbortController().signal
const recovering = (): void => undefined
const fetch = (): Promise<never> => Promise.reject(new Error('there is no peer'))

async function closed({ log, meta, kv, lock }: MemberStorage): Promise<void> {
  await log.close()
  await meta.close()
  await kv.close()
  await lock.release()
}

test('a folder of the first format opens: its founders are the group until its log says otherwise', async () => {
  const storage = await opened([1])
  expect(storage.configurations).toEqual([])
  expect(storage.identity.identity).toMatchObject({ formatVersion: 1, members: [1], clusterId: 'format-1' })
  expect(storage.problems).toEqual([])
  expect([...storage.machine.topics()].map(({ name }) => name)).toContain('orders')
  await closed(storage)
})

test('a file that names other members than the founders is refused as long as there was no change', async () => {
  await expect(opened([1, 2])).rejects.toThrow('belongs to members 1, not to members 1, 2')
})

test('after a change the members that the file names are of no account', async () => {
  const first = await opened([1])
  const configuration = { voters: [nodeId(1)], votersOutgoing: [], learners: [nodeId(2)] }
  const index = logIndex(first.log.lastIndex + 1)
  const body = [encodeConfiguration(configuration)]
  const records = [first.log.prepareRecord(term(9), index, body, configuration)]
  await first.log.write([{ cut: null, records }])
  await closed(first)
  const second = await opened([1, 2, 3])
  expect(second.configurations).toEqual([{ index, configuration }])
  await closed(second)
})

test('configurations of the group that was saved do not count in the one that was restored from it', async () => {
  const first = await opened([1])
  const configuration = { voters: [nodeId(7)], votersOutgoing: [], learners: [] }
  const index = logIndex(first.log.lastIndex + 1)
  const body = [encodeConfiguration(configuration)]
  const records = [first.log.prepareRecord(term(9), index, body, configuration)]
  await first.log.write([{ cut: null, records }])
  await closed(first)
  const file = join(folder, 'identity.json')
  const identity = JSON.parse(readFileSync(file, 'utf8')) as object
  writeFileSync(file, JSON.stringify({ ...identity, formatVersion: 2, foundedAt: index }))
  const second = await opened([1])
  expect(second.configurations).toEqual([])
  await closed(second)
})
