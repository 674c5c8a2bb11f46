import { expect, test } from 'vitest'
import { Prng } from '../../src/base/prng.ts'
import {
  placeRecord,
  SegmentFiles,
  segmentPath,
  segmentStart,
  segmentStartOf,
} from '../../src/dledger/segment.ts'
import { SimCrash, SimDisk } from '../support/sim-disk.ts'

const SHAPE = { segmentBytes: 100, recordBytesMax: 80, writeBytesMax: 1000 }

test('a record that fits stands at the end, another one at the next segment', () => {
  expect(placeRecord(0, 100, 100)).toBe(0)
  expect(placeRecord(30, 70, 100)).toBe(30)
  expect(placeRecord(30, 71, 100)).toBe(100)
  expect(placeRecord(100, 64, 100)).toBe(100)
  expect(() => placeRecord(0, 101, 100)).toThrow('fits a segment')
})

test('a file name tells where its segment starts', () => {
  expect(segmentPath(4096)).toBe('log/00000000000000004096.segment')
  expect(segmentStartOf('00000000000000004096.segment')).toBe(4096)
  for (const name of ['synced', '4096.segment', '00000000000000004096.segment.new']) {
    expect(segmentStartOf(name)).toBeUndefined()
  }
  expect(segmentStart(250, 100)).toBe(200)
})

async function threeSegments(): Promise<{ disk: SimDisk; files: SegmentFiles }> {
  const disk = new SimDisk()
  const files = await SegmentFiles.open(disk, SHAPE)
  for (const position of [0, 100, 200]) await files.write([Buffer.alloc(80, position)], position)
  return { disk, files }
}

test('what was written is there after a crash, with the name of its file', async () => {
  const { disk } = await threeSegments()
  disk.crash(new Prng(1))
  expect(disk.paths()).toEqual([segmentPath(0), segmentPath(100), segmentPath(200)])
  expect(disk.bytesOf(segmentPath(200))).toEqual(new Uint8Array(80).fill(200))
})

test('a segment is never made before the one in front of it', async () => {
  const files = await SegmentFiles.open(new SimDisk(), SHAPE)
  await expect(files.write([Buffer.alloc(1)], 100)).rejects.toThrow('without a gap')
})

test('a crash at any operation of a cut leaves no gap between segments', async () => {
  for (let crashAt = 1; crashAt < 12; crashAt++) {
    for (let seed = 0; seed < 8; seed++) {
      const { disk, files } = await threeSegments()
      const before = disk.operations
      disk.hook = ({ count }) => {
        if (count === before + crashAt) disk.cutPower()
      }
      await files.truncate(40).catch((error: unknown) => {
        if (!(error instanceof SimCrash)) throw error
      })
      disk.hook = undefined
      disk.crash(new Prng(seed))
      const paths = disk.paths()
      expect(paths).toEqual([segmentPath(0), segmentPath(100), segmentPath(200)].slice(0, paths.length))
    }
  }
})

test('a cut at the end of a segment removes the file behind it whole', async () => {
  const { disk, files } = await threeSegments()
  await files.truncate(80)
  disk.crash(new Prng(2))
  expect(disk.paths()).toEqual([segmentPath(0)])
  expect(disk.bytesOf(segmentPath(0))).toHaveLength(80)
  expect(files.count).toBe(1)
})

test('a cut to nothing leaves no file', async () => {
  const { disk, files } = await threeSegments()
  await files.truncate(0)
  expect(disk.paths()).toEqual([])
})

test('a file becomes shorter in steps that one write and a record allow, each durable before the next', async () => {
  const disk = new SimDisk()
  const shape = { segmentBytes: 1000, recordBytesMax: 100, writeBytesMax: 400 }
  const files = await SegmentFiles.open(disk, shape)
  await files.write([Buffer.alloc(1000, 1)], 0)
  const sizes: (number | string)[] = []
  disk.hook = ({ kind }) => {
    if (kind === 'sync') sizes.push(disk.bytesOf(segmentPath(0)).byteLength)
  }
  await files.truncate(50)
  expect(sizes).toEqual([700, 400, 100, 50])
})
