import { describe, expect, test } from 'vitest'
import { logIndex } from '../../src/base/brand.ts'
import { mergeChanges } from '../../src/dledger/disk-log.ts'
import { append, bodyOf, openLog, prepare, WRITE_MAX } from '../support/log-harness.ts'
import { type DiskOperation, SimDisk } from '../support/sim-disk.ts'

/** The operations on segment files and folders, as `kind` or `kind file`. */
function traceOf(disk: SimDisk): string[] {
  const trace: string[] = []
  disk.hook = ({ kind, path }: DiskOperation) => {
    if (kind !== 'read' && kind !== 'list')
      trace.push(`${kind} ${path.replace(/log\/0*(\d+)\.segment/, '$1')}`)
  }
  return trace
}

describe('merged changes', () => {
  test('leave out what a later cut drops, and cut at the lowest place', async () => {
    const log = await openLog(new SimDisk(), { create: true })
    const first = prepare(log, 1, [bodyOf('a'), bodyOf('b'), bodyOf('c')])
    const cutC = log.adopt([], logIndex(3))
    const second = prepare(log, 2, [bodyOf('d')])
    const cutB = log.adopt([], logIndex(2))
    const third = prepare(log, 3, [bodyOf('e'), bodyOf('f')])
    const merged = mergeChanges([
      { cut: null, records: first },
      { cut: cutC, records: second },
      { cut: cutB, records: third },
    ])
    expect(merged.cutAt).toBe(cutB?.position)
    expect(merged.records.map((record) => record.index)).toEqual([1, 2, 3])
    expect(merged.records.map((record) => record.term)).toEqual([1, 3, 3])
  })

  test('without a cut are all the records', () => {
    expect(mergeChanges([])).toEqual({ cutAt: null, records: [] })
  })
})

describe('the disk', () => {
  test('sees one write and one sync for many records', async () => {
    const disk = new SimDisk()
    const log = await openLog(disk, { create: true })
    await append(log, 1, [bodyOf('first')])
    const trace = traceOf(disk)
    await append(
      log,
      1,
      Array.from({ length: 20 }, (_, i) => bodyOf(`r${i}`)),
    )
    expect(trace).toEqual(['write 0', 'sync 0'])
  })

  test('sees a write of more than the limit in parts, each durable before the next', async () => {
    const disk = new SimDisk()
    const log = await openLog(disk, { create: true })
    await append(log, 1, [bodyOf('first')])
    const sizes: number[] = []
    disk.hook = ({ kind, bytes }) => {
      if (kind === 'write') sizes.push(bytes)
    }
    await append(
      log,
      1,
      Array.from({ length: 4 }, (_, i) => bodyOf(`r${i}`, 800)),
    )
    expect(sizes.every((size) => size <= WRITE_MAX)).toBe(true)
    expect(sizes).toEqual([1728, 1728])
  })

  test('sees a full segment durable before the next one is made, and then its name', async () => {
    const disk = new SimDisk()
    const log = await openLog(disk, { create: true })
    await append(log, 1, [bodyOf('a', 900), bodyOf('b', 900), bodyOf('c', 900)])
    const trace = traceOf(disk)
    await append(log, 1, [bodyOf('d', 900), bodyOf('e', 900)])
    expect(trace).toEqual(['write 0', 'sync 0', 'open 4096', 'write 4096', 'sync 4096', 'syncFolder log'])
  })

  test('sees a cut durable before what is written behind it: mark, files, bytes, records', async () => {
    const disk = new SimDisk()
    const log = await openLog(disk, { create: true })
    for (const name of ['a', 'b', 'c', 'd', 'e']) await append(log, 1, [bodyOf(name, 900)])
    const trace = traceOf(disk)
    const cut = log.adopt([], logIndex(4))
    await log.write([{ cut, records: prepare(log, 2, [bodyOf('new', 10)]) }])
    expect(trace).toEqual([
      'write log/synced',
      'sync log/synced',
      'write log/synced',
      'sync log/synced',
      'remove 4096',
      'syncFolder log',
      'truncate 0',
      'sync 0',
      'write 0',
      'sync 0',
    ])
  })

  test('is not asked to cut what it never had', async () => {
    const disk = new SimDisk()
    const log = await openLog(disk, { create: true })
    await append(log, 1, [bodyOf('a')])
    const first = prepare(log, 1, [bodyOf('b'), bodyOf('c')])
    const cut = log.adopt([], logIndex(3))
    const second = prepare(log, 2, [bodyOf('d')])
    const trace = traceOf(disk)
    await log.write([
      { cut: null, records: first },
      { cut, records: second },
    ])
    expect(trace).toEqual(['write 0', 'sync 0'])
  })
})
