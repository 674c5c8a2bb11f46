import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { logIndex, logPosition, term } from '../../src/base/brand.ts'
import { Prng } from '../../src/base/prng.ts'
import { LogStore } from '../../src/dledger/log-store.ts'
import type { LogRecord } from '../../src/dledger/record-codec.ts'
import { NodeDisk } from '../../src/store/node-disk.ts'
import {
  allBytes,
  append,
  bodyOf,
  contentOf,
  openLog,
  prepare,
  SEGMENT,
  segmentsOf,
  WRITE_MAX,
} from '../support/log-harness.ts'
import { ManualClock, QuietLogger, settle } from '../support/manual-clock.ts'
import { SimDisk, SimDiskError } from '../support/sim-disk.ts'

const bodies = (name: string, count: number, size: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => bodyOf(`${name}${i}`, size))

function accept(log: LogStore, bytes: Uint8Array, prevTerm: number): readonly LogRecord[] {
  const accepted = log.acceptRecords(bytes, term(prevTerm))
  if (accepted.type === 'refused') throw new Error(accepted.reason)
  return accepted.records
}

async function emptyLog(): Promise<{ disk: SimDisk; log: LogStore }> {
  const disk = new SimDisk()
  return { disk, log: await openLog(disk, { create: true }) }
}

describe('a follower', () => {
  test('that stores what its leader sends has the same files, byte for byte', async () => {
    const [leader, follower] = [await emptyLog(), await emptyLog()]
    const prng = new Prng(5)
    for (let i = 0; i < 30; i++) {
      const first = logIndex(leader.log.lastIndex + 1)
      const prevTerm = leader.log.termOf(leader.log.lastIndex)
      await append(leader.log, 1 + Math.floor(i / 7), bodies(`m${i}.`, prng.below(4, 1), prng.below(950)))
      const bytes = await leader.log.readRecords(first, leader.log.lastIndex, 1_000_000)
      const records = accept(follower.log, bytes, prevTerm)
      const cut = follower.log.adopt(records, null)
      await follower.log.write([{ cut, records }])
    }
    expect(segmentsOf(follower.disk)).toEqual(segmentsOf(leader.disk))
    expect(segmentsOf(leader.disk).length).toBeGreaterThan(3)
  })

  test('whose tail the leader overwrites has the same files again, and takes several appends of one turn', async () => {
    const [leader, follower] = [await emptyLog(), await emptyLog()]
    const shared = bodies('shared', 3, 800)
    await append(leader.log, 1, shared)
    await append(follower.log, 1, shared)
    await append(follower.log, 2, bodies('lost', 6, 700))
    await append(leader.log, 3, bodies('won', 9, 600))
    const first = accept(follower.log, await leader.log.readRecords(logIndex(4), logIndex(6), 1e6), 1)
    const second = accept(follower.log, await leader.log.readRecords(logIndex(7), logIndex(12), 1e6), 3)
    const changes = [
      { cut: follower.log.adopt(first, logIndex(4)), records: first },
      { cut: follower.log.adopt(second, null), records: second },
    ]
    await follower.log.write(changes)
    expect(segmentsOf(follower.disk)).toEqual(segmentsOf(leader.disk))
    follower.disk.crash(new Prng(9))
    expect(await contentOf(await openLog(follower.disk))).toEqual(await contentOf(leader.log))
  })

  test('refuses records that differ from its own log at an entry that both say they share', async () => {
    const [leader, follower] = [await emptyLog(), await emptyLog()]
    await append(leader.log, 1, [bodyOf('theirs', 100), bodyOf('next', 100)])
    await append(follower.log, 1, [bodyOf('mine', 100)])
    const bytes = await leader.log.readRecords(logIndex(2), logIndex(2), 1e6)
    expect(follower.log.acceptRecords(bytes, term(1)).type).toBe('refused')
  })

  test('adopts nothing that does not continue its log', async () => {
    const [leader, follower] = [await emptyLog(), await emptyLog()]
    await append(leader.log, 1, [bodyOf('theirs', 100), bodyOf('next', 100)])
    const [, next] = accept(follower.log, await allBytes(leader.log), 0)
    await append(follower.log, 1, [bodyOf('mine', 100)])
    expect(() => follower.log.adopt(next === undefined ? [] : [next], null)).toThrow('does not continue')
    expect(await contentOf(follower.log)).toEqual(['1:100:mine'])
  })
})

describe('reads', () => {
  test('see records before the disk has them, and never ask the disk for them', async () => {
    const { disk, log } = await emptyLog()
    const records = prepare(log, 1, bodies('m', 8, 900))
    disk.hook = ({ kind }) => {
      if (kind === 'read') throw new SimDiskError('EIO')
    }
    expect(await contentOf(log)).toHaveLength(8)
    const third = records[2]
    expect(log.cachedBytes(logPosition((third?.position ?? 0) + 64), 2)).toEqual(Buffer.from('m2'))
    expect(log.cachedRecords(logIndex(1), logIndex(8), 1e6)).toHaveLength(8 * 964)
  })

  test('of old records come from the disk, of a range on both sides from both', async () => {
    const { log } = await emptyLog()
    const records: LogRecord[] = []
    for (let i = 0; i < 9; i++) records.push(...(await append(log, 1, bodies(`m${i}.`, 1, 500))))
    expect(log.cachedRecords(logIndex(1), logIndex(9), 1e6)).toBeUndefined()
    expect(log.cachedRecords(logIndex(9), logIndex(9), 1e6)).toBeDefined()
    const all = await log.readRecords(logIndex(1), logIndex(9), 1e6)
    expect(Buffer.from(all)).toEqual(Buffer.concat(records.map((record) => record.bytes)))
    const position = logPosition((records[1]?.position ?? 0) + 64)
    expect(log.cachedBytes(position, 4)).toBeUndefined()
    expect(Buffer.from(await log.readBytes(position, 4)).toString()).toBe('m1.0')
  })

  test('after a cut that the disk has not followed yet see the new records', async () => {
    const { log } = await emptyLog()
    await append(log, 1, bodies('old', 8, 400))
    const cut = log.adopt([], logIndex(3))
    const records = prepare(log, 2, bodies('new', 6, 450))
    const expected = ['1:400:old0', '1:400:old1', ...[0, 1, 2, 3, 4, 5].map((i) => `2:450:new${i}`)]
    expect(await contentOf(log)).toEqual(expected)
    await log.write([{ cut, records }])
    expect(await contentOf(log)).toEqual(expected)
  })

  test('see the new records when a cut comes while an older write is under way', async () => {
    const { disk, log } = await emptyLog()
    const old = prepare(log, 1, bodies('old', 9, 400))
    let goOn = (): void => undefined
    disk.hook = ({ kind }) => {
      if (kind !== 'sync') return undefined
      return new Promise<void>((resolve) => {
        goOn = resolve
      })
    }
    const writing = log.write([{ cut: null, records: old }])
    await settle()
    disk.hook = undefined
    const cut = log.adopt([], logIndex(2))
    const records = prepare(log, 2, bodies('new', 8, 410))
    goOn()
    await writing
    const expected = ['1:400:old0', ...[0, 1, 2, 3, 4, 5, 6, 7].map((i) => `2:410:new${i}`)]
    expect(await contentOf(log)).toEqual(expected)
    await log.write([{ cut, records }])
    expect(await contentOf(log)).toEqual(expected)
  })

  test('of records that are cut off meanwhile are cancelled', async () => {
    const { disk, log } = await emptyLog()
    await append(log, 1, bodies('old', 8, 900))
    let goOn = (): void => undefined
    disk.hook = ({ kind }) => {
      if (kind !== 'read') return undefined
      return new Promise<void>((resolve) => {
        goOn = resolve
      })
    }
    const reading = log.readRecords(logIndex(3), logIndex(4), 1e6)
    await Promise.resolve()
    disk.hook = undefined
    const cut = log.adopt([], logIndex(3))
    await log.write([{ cut, records: prepare(log, 2, bodies('new', 2, 900)) }])
    goOn()
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('of what is not in the log are a mistake of ours', async () => {
    const { log } = await emptyLog()
    await append(log, 1, bodies('m', 2, 10))
    await expect(log.readBody(logIndex(3))).rejects.toThrow('exist')
  })
})

describe('a disk that fails', () => {
  test.each(['write', 'sync', 'truncate', 'remove', 'syncFolder', 'open'] as const)(
    'in %s stops the log for good: nothing is tried again',
    async (failing) => {
      const disk = new SimDisk()
      const heard: unknown[] = []
      const log = await openLog(disk, { create: true, onFailure: (error) => heard.push(error) })
      await append(log, 1, bodies('m', 7, 900))
      disk.hook = ({ kind, path }) => {
        if (kind === failing && path !== 'log/synced') throw new SimDiskError('EIO')
      }
      const cut = log.adopt([], logIndex(3))
      const records = prepare(log, 2, bodies('n', 7, 900))
      const change = { cut, records }
      await expect(log.write([change])).rejects.toMatchObject({ code: 'STORAGE_FAILED', outcome: 'unknown' })
      disk.hook = undefined
      const before = disk.operations
      await expect(log.write([])).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
      await expect(log.readBody(logIndex(1))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
      await expect(log.readBytes(logPosition(64), 1)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
      expect(() => prepare(log, 2, [bodyOf('x')])).toThrow('stopped for good')
      expect(() => log.adopt([], null)).toThrow('stopped for good')
      await log.close()
      expect(disk.operations).toBe(before)
      expect(heard).toHaveLength(1)
    },
  )

  test('with no room left stops it too, and the torn record is cut at the next start', async () => {
    const { disk, log } = await emptyLog()
    await append(log, 1, [bodyOf('kept', 500)])
    disk.capacityBytes = 2300
    await expect(append(log, 1, [bodyOf('torn', 900)])).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    disk.capacityBytes = Number.MAX_SAFE_INTEGER
    disk.kill()
    expect(await contentOf(await openLog(disk))).toEqual(['1:500:kept'])
  })

  test('that cannot read at the moment does not stop it', async () => {
    const { disk, log } = await emptyLog()
    await append(log, 1, bodies('m', 5, 900))
    disk.hook = ({ kind }) => {
      if (kind === 'read') throw new SimDiskError('EIO')
    }
    await expect(log.readBody(logIndex(1))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    disk.hook = undefined
    expect(await log.readBody(logIndex(1))).toHaveLength(900)
  })
})

describe('a log', () => {
  test('on real files has the same bytes as on the simulated disk, and is there again after a start', async () => {
    const root = await mkdtemp(join(tmpdir(), 'log-store-'))
    const options = {
      clock: new ManualClock(),
      segmentBytes: SEGMENT,
      recordBytesMax: 1024,
      writeBytesMax: WRITE_MAX,
    }
    const real = await LogStore.open(new NodeDisk(root), { ...options, create: true }, new QuietLogger())
    const { disk, log } = await emptyLog()
    for (const target of [real, log]) {
      await append(target, 1, bodies('old', 12, 800))
      const cut = target.adopt([], logIndex(4))
      await target.write([{ cut, records: prepare(target, 2, bodies('new', 7, 900)) }])
    }
    await real.close()
    for (const [path, hex] of segmentsOf(disk))
      expect((await readFile(join(root, path))).toString('hex')).toBe(hex)
    const again = await LogStore.open(new NodeDisk(root), { ...options, create: false }, new QuietLogger())
    expect(await contentOf(again)).toEqual(await contentOf(log))
    await again.close()
    await rm(root, { recursive: true })
  })

  test('is made once and then needs to be there', async () => {
    const { disk, log } = await emptyLog()
    await append(log, 1, [bodyOf('m')])
    await log.close()
    await expect(openLog(disk, { create: true })).rejects.toMatchObject({ code: 'FOLDER_REFUSED' })
    await expect(openLog(new SimDisk())).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  })

  test('keeps the segment size that it was made with', async () => {
    const { disk } = await emptyLog()
    await expect(openLog(disk, { segmentBytes: 8192 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await expect(openLog(disk, { segmentBytes: 100 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  test('tells sizes, terms and positions of what it holds', async () => {
    const { log } = await emptyLog()
    expect([log.lastIndex, log.end, log.termOf(logIndex(0))]).toEqual([0, 0, 0])
    prepare(log, 3, [bodyOf('a', 10), new Uint8Array(0)])
    expect([log.lastIndex, log.end, log.sizeOf(logIndex(2))]).toEqual([2, 138, 64])
    expect(log.positionOf(logIndex(2))).toBe(74)
    expect(log.termOf(logIndex(2))).toBe(3)
  })

  test('joins the chunks of a body into one record', async () => {
    const { log } = await emptyLog()
    log.prepareRecord(term(1), logIndex(1), [Buffer.from('one '), Buffer.from(''), Buffer.from('two')])
    expect(Buffer.from(await log.readBody(logIndex(1))).toString()).toBe('one two')
  })
})
