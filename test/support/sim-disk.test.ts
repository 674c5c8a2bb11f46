import { describe, expect, test } from 'vitest'
import { Prng } from '../../src/base/prng.ts'
import { SimCrash, SimDisk, SimDiskError } from './sim-disk.ts'

async function written(sync: boolean): Promise<SimDisk> {
  const disk = new SimDisk()
  const file = await disk.open('f/a', { create: true })
  await file.write([Buffer.alloc(2000, 1)], 0)
  await file.sync()
  await disk.syncFolder('f')
  await file.write([Buffer.alloc(2000, 2)], 1000)
  if (sync) await file.sync()
  return disk
}

/** What all crashes of copies leave, as texts. */
function outcomes(disk: SimDisk, look: (disk: SimDisk) => string): Set<string> {
  const seen = new Set<string>()
  for (let seed = 0; seed < 200; seed++) {
    const copy = disk.copy()
    copy.crash(new Prng(seed))
    seen.add(look(copy))
  }
  return seen
}

describe('a crash', () => {
  test('keeps all that was synced', async () => {
    const disk = await written(true)
    const expected = Buffer.concat([Buffer.alloc(1000, 1), Buffer.alloc(2000, 2)]).toString('hex')
    expect([...outcomes(disk, (after) => Buffer.from(after.bytesOf('f/a')).toString('hex'))]).toEqual([
      expected,
    ])
  })

  test('keeps any part of the unsynced sectors and any size on the way, whole sectors of old or new', async () => {
    const disk = await written(false)
    const seen = outcomes(disk, (after) => {
      const bytes = after.bytesOf('f/a')
      expect(bytes.byteLength).toBeGreaterThanOrEqual(2000)
      expect(bytes.byteLength).toBeLessThanOrEqual(3000)
      expect(bytes.subarray(0, 1000).every((byte) => byte === 1)).toBe(true)
      return `${bytes.byteLength > 2000} ${bytes[1000]} ${bytes[1024]} ${bytes[1536]} ${bytes[2500]}`
    })
    expect(seen.size).toBeGreaterThan(8)
    for (const part of ['1 2 2 2', '2 1 1 0', '2 2 2 2', '1 1 1 undefined']) {
      expect(
        [...seen].some((outcome) => outcome.endsWith(part)),
        part,
      ).toBe(true)
    }
  })

  test('may lose names, removals and renames that were not synced with their folder', async () => {
    const disk = await written(true)
    await disk.open('f/new', { create: true })
    await disk.rename('f/a', 'f/b')
    const seen = outcomes(disk, (after) => after.paths().join(' '))
    expect([...seen].sort((a, b) => a.localeCompare(b))).toEqual(['f/a', 'f/a f/new', 'f/b', 'f/b f/new'])
    await disk.syncFolder('f')
    expect([...outcomes(disk, (after) => after.paths().join(' '))]).toEqual(['f/b f/new'])
    await disk.remove('f/b')
    expect(outcomes(disk, (after) => after.paths().join(' ')).size).toBe(2)
  })

  test('ends every open file and every operation under way', async () => {
    const disk = await written(true)
    const file = await disk.open('f/a', { create: false })
    disk.cutPower()
    await expect(file.sync()).rejects.toThrow(SimCrash)
    disk.kill()
    await expect(file.sync()).rejects.toThrow(SimCrash)
    await expect(disk.open('f/a', { create: false })).resolves.toBeDefined()
  })
})

test('what a failed sync should have made durable is seen by readers and never reaches the disk', async () => {
  const disk = await written(false)
  const file = await disk.open('f/a', { create: false })
  disk.hook = ({ kind }) => {
    if (kind === 'sync') throw new SimDiskError('EIO')
  }
  await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' })
  disk.hook = undefined
  await file.write([Buffer.alloc(10, 3)], 3000)
  await file.sync()
  expect(disk.bytesOf('f/a')[1500]).toBe(2)
  disk.crash(new Prng(1))
  const after = disk.bytesOf('f/a')
  expect([after.byteLength, after[1500], after[2500], after[3000]]).toEqual([3010, 1, 0, 3])
})

test('a full disk takes a part of a write', async () => {
  const disk = new SimDisk()
  const file = await disk.open('a', { create: true })
  disk.capacityBytes = 15
  await file.write([Buffer.alloc(10, 1)], 0)
  await expect(file.write([Buffer.alloc(4, 2), Buffer.alloc(4, 3)], 10)).rejects.toMatchObject({
    code: 'ENOSPC',
  })
  expect([...disk.bytesOf('a')]).toEqual([...Buffer.alloc(10, 1), 2, 2, 2, 2, 3])
})
