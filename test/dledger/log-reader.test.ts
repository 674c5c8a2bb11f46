import { describe, expect, test } from 'vitest'
import { logIndex, logPosition } from '../../src/base/brand.ts'
import type { LogStore } from '../../src/dledger/log-store.ts'
import { append, bodyOf, openLog, prepare } from '../support/log-harness.ts'
import { settle } from '../support/manual-clock.ts'
import { SimDisk } from '../support/sim-disk.ts'

/** Ten records over three segments, none of them in memory. */
async function cold(): Promise<{ disk: SimDisk; log: LogStore; whole: Buffer }> {
  const disk = new SimDisk()
  const log = await openLog(disk, { create: true })
  const records = []
  for (let i = 0; i < 10; i++) records.push(...(await append(log, 1, [bodyOf(`r${i}`, 900)])))
  await log.close()
  return { disk, log: await openLog(disk), whole: Buffer.concat(records.map((record) => record.bytes)) }
}

describe('bytes of a message', () => {
  test('from an old record cost one read for all messages of the record', async () => {
    const { disk, log } = await cold()
    let reads = 0
    disk.hook = ({ kind }) => {
      if (kind === 'read') reads++
    }
    const positions = [64, 100, 500, 960].map((at) => logPosition(964 + at))
    const parts = await Promise.all(positions.map((position) => log.readBytes(position, 4)))
    expect(parts.map((part) => Buffer.from(part).toString())).toEqual(['r1..', '....', '....', '....'])
    expect(reads).toBe(1)
    expect(log.cachedBytes(logPosition(964 + 64), 2)).toEqual(Buffer.from('r1'))
    expect(log.cachedBytes(logPosition(64), 2)).toBeUndefined()
  })

  test('are never taken from a record that rotted anywhere', async () => {
    const { disk, log } = await cold()
    disk.edit('log/00000000000000000000.segment', (bytes) => {
      bytes[900] = (bytes[900] ?? 0) ^ 1
      return bytes
    })
    await expect(log.readBytes(logPosition(64), 2)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    expect(log.cachedBytes(logPosition(64), 2)).toBeUndefined()
  })

  test('are those of the record that stands there now, after a cut', async () => {
    const { log } = await cold()
    const position = logPosition(964 + 64)
    expect(Buffer.from(await log.readBytes(position, 2)).toString()).toBe('r1')
    const cut = log.adopt([], logIndex(2))
    expect(log.cachedBytes(position, 2)).toBeUndefined()
    await log.write([{ cut, records: prepare(log, 2, [bodyOf('new', 900)]) }])
    for (let i = 0; i < 3; i++) await append(log, 2, [bodyOf('more', 900)])
    expect(Buffer.from(await log.readBytes(position, 3)).toString()).toBe('new')
  })
})

test('a record that is cut while it is read is not remembered for the one that comes to its place', async () => {
  const { disk, log } = await cold()
  const position = logPosition(964 + 64)
  let goOn = (): void => undefined
  disk.hook = ({ kind }) =>
    kind === 'read' ? new Promise<void>((resolve) => (goOn = () => resolve())) : undefined
  const reading = log.readBytes(position, 2)
  await settle()
  const cut = log.adopt([], logIndex(2))
  disk.hook = undefined
  goOn()
  await reading.catch(() => undefined)
  await log.write([{ cut, records: prepare(log, 2, [bodyOf('new', 900)]) }])
  for (let i = 0; i < 3; i++) await append(log, 2, [bodyOf('more', 900)])
  expect(Buffer.from(await log.readBytes(position, 3)).toString()).toBe('new')
})

describe('records from the disk', () => {
  test('come without the gaps between segments, whatever the range', async () => {
    const { log, whole } = await cold()
    for (let first = 1; first <= 10; first++) {
      for (let last = first; last <= 10; last++) {
        const bytes = await log.readRecords(logIndex(first), logIndex(last), 1_000_000)
        expect(Buffer.from(bytes)).toEqual(whole.subarray((first - 1) * 964, last * 964))
      }
    }
  })

  test('are as many as fit, but one at least', async () => {
    const { log } = await cold()
    expect(await log.readRecords(logIndex(2), logIndex(9), 3000)).toHaveLength(3 * 964)
    expect(await log.readRecords(logIndex(2), logIndex(9), 10)).toHaveLength(964)
  })

  test('that rotted while the log was open are refused with file, offset and index', async () => {
    const { disk, log } = await cold()
    disk.edit('log/00000000000000004096.segment', (bytes) => {
      bytes[1000] = (bytes[1000] ?? 0) ^ 1
      return bytes
    })
    await expect(log.readRecords(logIndex(4), logIndex(7), 1_000_000)).rejects.toMatchObject({
      code: 'DATA_DAMAGED',
      message: expect.stringMatching(/00004096\.segment is damaged at offset 964, where index 6 stands: /),
    })
    await expect(log.readBody(logIndex(6))).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    expect(await log.readBody(logIndex(5))).toHaveLength(900)
  })

  test('that are whole but not the ones that were written are refused', async () => {
    const { disk, log } = await cold()
    const other = new SimDisk()
    const otherLog = await openLog(other, { create: true })
    for (let i = 0; i < 10; i++) await append(otherLog, 1, [bodyOf(`x${i}`, 900)])
    const path = 'log/00000000000000000000.segment'
    disk.edit(path, () => other.bytesOf(path))
    await expect(log.readBody(logIndex(1))).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  })

  test('that are gone are refused, not made up', async () => {
    const { disk, log } = await cold()
    disk.edit('log/00000000000000004096.segment', (bytes) => bytes.slice(0, 100))
    await expect(log.readBody(logIndex(5))).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    await expect(log.readBytes(logPosition(4196), 10)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  })
})
