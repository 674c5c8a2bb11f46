import { beforeEach, describe, expect, test } from 'vitest'
import { logIndex, logPosition, nodeId, term } from '../../src/base/brand.ts'
import { crc32 } from '../../src/base/crc32.ts'
import { encodeConfiguration } from '../../src/dledger/configuration-codec.ts'
import { LOG_BASE_PATH } from '../../src/dledger/log-base.ts'
import type { LogStore } from '../../src/dledger/log-store.ts'
import type { Configuration } from '../../src/raft/index.ts'
import { allBytes, append, bodyOf, openLog, SEGMENT } from '../support/log-harness.ts'
import { SimDisk } from '../support/sim-disk.ts'

const FOUR = configuration([1, 2, 3], [4])
const SWAPPED = configuration([1, 2, 4], [], [1, 2, 3])
let disk: SimDisk
let log: LogStore

function configuration(voters: number[], learners: number[], votersOutgoing: number[] = []): Configuration {
  const [to, before, listening] = [voters, votersOutgoing, learners].map((ids) => ids.map(nodeId))
  const lists = { voters: to ?? [], votersOutgoing: before ?? [], learners: listening ?? [] }
  return { ...lists, details: Uint8Array.from(Buffer.from('details of them')) }
}

/** Appends the record of a configuration and makes it durable. */
async function appendConfiguration(to: LogStore, members: Configuration): Promise<void> {
  const index = logIndex(to.lastIndex + 1)
  const record = to.prepareRecord(term(3), index, [encodeConfiguration(members)], members)
  await to.write([{ cut: null, records: [record] }])
}

async function reopened(): Promise<LogStore> {
  await log.close()
  return openLog(disk)
}

/** Five large records, a configuration at 6, five more, another one at 12, one more. */
beforeEach(async () => {
  disk = new SimDisk()
  log = await openLog(disk, { create: true })
  for (let i = 0; i < 5; i++) await append(log, 1, [bodyOf(`a${i}`, 900)])
  await appendConfiguration(log, FOUR)
  for (let i = 0; i < 5; i++) await append(log, 3, [bodyOf(`b${i}`, 900)])
  await appendConfiguration(log, SWAPPED)
  await append(log, 3, [bodyOf('c')])
})

const BOTH = [
  { index: 6, configuration: FOUR },
  { index: 12, configuration: SWAPPED },
]

describe('configurations in the log', () => {
  test('are there after a restart, and hold no commands', async () => {
    expect(log.configurations).toEqual(BOTH)
    log = await reopened()
    expect(log.configurations).toEqual(BOTH)
    expect(log.isConfiguration(logIndex(6))).toBe(true)
    expect(log.isConfiguration(logIndex(7))).toBe(false)
    expect(await log.readBody(logIndex(6))).toHaveLength(0)
    expect(Buffer.from(await log.readBody(logIndex(13))).toString()).toBe('c')
  })

  test('are there after a restart that takes full segments from their index files', async () => {
    log.indexer.look(log.lastIndex)
    await log.indexer.drained()
    const read: string[] = []
    await log.close()
    disk.hook = ({ kind, path }) => {
      if (kind === 'read') read.push(path)
    }
    log = await openLog(disk)
    expect(read.filter((path) => path.endsWith(`${'0'.repeat(20)}.segment`))).toEqual([])
    expect(log.configurations).toEqual(BOTH)
  })

  test('go with a cut of the log', async () => {
    const cut = log.adopt([], logIndex(12))
    await log.write([{ cut, records: [] }])
    expect(log.configurations).toEqual(BOTH.slice(0, 1))
    log = await reopened()
    expect(log.configurations).toEqual(BOTH.slice(0, 1))
  })

  test('stay known when the segments that held them are gone', async () => {
    await log.start.dropBelow(logPosition(2 * SEGMENT))
    expect(log.base.index).toBeGreaterThan(6)
    expect(log.configurations).toEqual(BOTH)
    log = await reopened()
    expect(log.configurations).toEqual(BOTH)
  })

  test('come out of what a peer sends', async () => {
    const other = await openLog(new SimDisk(), { create: true })
    const accepted = other.acceptRecords(await allBytes(log), term(0))
    if (accepted.type === 'refused') throw new Error(accepted.reason)
    expect(accepted.records.map((record) => record.configuration !== undefined).indexOf(true)).toBe(5)
    other.adopt(accepted.records, null)
    expect(other.configurations).toEqual(BOTH)
  })

  test('are refused from a peer when they make no sense', async () => {
    const bytes = await allBytes(log)
    const other = await openLog(new SimDisk(), { create: true })
    const wrong = other.prepareRecord(term(1), logIndex(1), [Buffer.from('no members')], FOUR)
    const third = await openLog(new SimDisk(), { create: true })
    expect(third.acceptRecords(bytes, term(0)).type).toBe('ok')
    expect(third.acceptRecords(wrong.bytes, term(0))).toMatchObject({ type: 'refused' })
  })
})

test('a log of the first format, whose base knows no configuration, still opens', async () => {
  await log.start.dropBelow(logPosition(SEGMENT))
  const base = log.base
  await log.close()
  disk.edit(LOG_BASE_PATH, (bytes) => asFirstVersion(bytes))
  log = await openLog(disk)
  expect(log.base).toEqual(base)
  expect(log.configurations).toEqual(BOTH)
})

/** The file as version 1 wrote it. */
function asFirstVersion(bytes: Uint8Array): Uint8Array {
  const head = Buffer.from(bytes.subarray(0, 64))
  head.writeUInt32BE(1, 4)
  head.fill(0, 36, 60)
  head.writeUInt32BE(crc32(head.subarray(0, 60)), 60)
  const old = new Uint8Array(4096 + 64)
  old.set(head)
  old.set(head, 4096)
  return old
}
