import { beforeEach, describe, expect, test } from 'vitest'
import { logPosition } from '../../src/base/brand.ts'
import type { LogStore } from '../../src/dledger/log-store.ts'
import { append, bodyOf, contentOf, openLog, SEGMENT } from '../support/log-harness.ts'
import { SimDisk } from '../support/sim-disk.ts'

let disk: SimDisk
let content: string[]

async function filled(on: SimDisk, name: string): Promise<LogStore> {
  const log = await openLog(on, { create: true })
  for (let i = 0; i < 18; i++) {
    await append(log, 1 + Math.floor(i / 5), [bodyOf(`${name}${i}`, 700 + 10 * i)])
  }
  return log
}

function indexPaths(of: SimDisk = disk): string[] {
  return of.paths().filter((path) => path.endsWith('.index'))
}

/** The segments that opening the log reads, by their number. */
async function segmentsRead(): Promise<{ read: number[]; log: LogStore }> {
  const read = new Set<number>()
  disk.hook = ({ kind, path }) => {
    const digits = /(\d{20})\.segment$/.exec(path)?.[1]
    if (kind === 'read' && digits !== undefined) read.add(Number(digits) / SEGMENT)
  }
  const log = await openLog(disk)
  disk.hook = undefined
  return { read: [...read].sort((a, b) => a - b), log }
}

beforeEach(async () => {
  disk = new SimDisk()
  const log = await filled(disk, 'r')
  content = await contentOf(log)
  log.indexer.look(log.lastIndex)
  await log.indexer.drained()
  await log.close()
})

test('a start reads the last segment and takes the others from their index files', async () => {
  expect(indexPaths()).toHaveLength(4)
  const { read, log } = await segmentsRead()
  expect(read).toEqual([4])
  expect(await contentOf(log)).toEqual(content)
  await append(log, 9, [bodyOf('next')])
  await log.close()
  expect((await contentOf(await openLog(disk))).at(-1)).toBe('9:4:next')
})

test('a segment has no index file before everything in it is applied', async () => {
  const fresh = new SimDisk()
  const log = await filled(fresh, 'r')
  const second = log.start.firstFrom(logPosition(SEGMENT))
  log.indexer.look((second - 1) as typeof second)
  await log.indexer.drained()
  expect(indexPaths(fresh)).toEqual([])
  log.indexer.look(second)
  await log.indexer.drained()
  expect(indexPaths(fresh)).toHaveLength(1)
})

describe('an index file that is', () => {
  async function expectRead(segments: readonly number[]): Promise<void> {
    const { read, log } = await segmentsRead()
    expect(read).toEqual([...segments, 4])
    expect(await contentOf(log)).toEqual(content)
    await log.close()
  }

  test('damaged anywhere or cut short is not believed', async () => {
    const path = indexPaths()[1] ?? ''
    const whole = disk.bytesOf(path)
    for (let at = 0; at < whole.byteLength; at++) {
      disk.edit(path, (bytes) => {
        bytes[at] = (bytes[at] ?? 0) ^ 0x10
        return bytes
      })
      await expectRead([1])
      disk.edit(path, () => whole.slice(0, at))
      await expectRead([1])
    }
    disk.edit(path, () => whole)
    await expectRead([])
  })

  test('missing costs a reading of its segment', async () => {
    await disk.remove(indexPaths()[2] ?? '')
    await expectRead([2])
  })

  test('of another log is not believed', async () => {
    const other = new SimDisk()
    const log = await filled(other, 'x')
    log.indexer.look(log.lastIndex)
    await log.indexer.drained()
    const path = indexPaths()[1] ?? ''
    const foreign = other.bytesOf(path)
    disk.edit(path, () => foreign)
    await expectRead([1])
  })

  test('of a segment that has another size is not believed', async () => {
    const path = indexPaths()[1]?.replace('.index', '.segment') ?? ''
    disk.edit(path, (bytes) => bytes.slice(0, -10))
    await expect(openLog(disk)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  })
})

test('index files go with their segments, and what a crash left of them goes at the next start', async () => {
  const log = await openLog(disk)
  const [first = ''] = indexPaths()
  const bytes = disk.bytesOf(first)
  await log.start.dropBelow(logPosition(2 * SEGMENT))
  expect(indexPaths()).toHaveLength(2)
  await log.close()
  const left = await disk.open(first, { create: true })
  await left.write([bytes], 0)
  const { read, log: again } = await segmentsRead()
  expect(read).toEqual([4])
  expect(indexPaths()).toHaveLength(2)
  expect(again.start.span.start).toBe(2 * SEGMENT)
})
