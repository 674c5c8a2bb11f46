import { describe, expect, test } from 'vitest'
import { logPosition } from '../../src/base/brand.ts'
import { Prng } from '../../src/base/prng.ts'
import { FailStop } from '../../src/dledger/fail-stop.ts'
import { SYNCED_MARK_PATH, SyncedMark } from '../../src/dledger/synced-mark.ts'
import { SLOT_BYTES } from '../../src/dledger/slot-pair.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { SimCrash, SimDisk, SimDiskError } from '../support/sim-disk.ts'

interface Bench {
  readonly disk: SimDisk
  readonly clock: ManualClock
  readonly failStop: FailStop
  readonly mark: SyncedMark
}

async function made(): Promise<Bench> {
  const disk = new SimDisk()
  const clock = new ManualClock()
  const failStop = new FailStop('the log')
  return { disk, clock, failStop, mark: await SyncedMark.create(disk, clock, failStop, 4096) }
}

async function found(disk: SimDisk): Promise<number> {
  const mark = await SyncedMark.open(disk, new ManualClock(), new FailStop('the log'))
  expect(mark.segmentBytes).toBe(4096)
  return mark.position
}

function countSyncs(disk: SimDisk): { writes: number; syncs: number } {
  const counts = { writes: 0, syncs: 0 }
  disk.hook = ({ kind }) => {
    if (kind === 'write') counts.writes++
    if (kind === 'sync') counts.syncs++
  }
  return counts
}

describe('the mark', () => {
  test('is written at most every 50 ms and synced at most every second, however often it advances', async () => {
    const { disk, clock, mark } = await made()
    const counts = countSyncs(disk)
    for (let ms = 1; ms <= 3000; ms++) {
      mark.advance(logPosition(ms))
      clock.advance(1)
      await settle()
    }
    expect(counts.writes).toBeLessThanOrEqual(60)
    expect(counts.writes).toBeGreaterThan(50)
    expect(counts.syncs).toBeGreaterThanOrEqual(2)
    expect(counts.syncs).toBeLessThanOrEqual(3)
  })

  test('becomes durable within about a second after the last advance, and then rests', async () => {
    const { disk, clock, mark } = await made()
    mark.advance(logPosition(777))
    for (let i = 0; i < 30; i++) {
      clock.advance(50)
      await settle()
    }
    expect(clock.timers).toBe(0)
    disk.crash(new Prng(1))
    expect(await found(disk)).toBe(777)
  })

  test('survives a killed process 50 ms after an advance', async () => {
    const { disk, clock, mark } = await made()
    mark.advance(logPosition(777))
    clock.advance(50)
    await settle()
    disk.kill()
    expect(await found(disk)).toBe(777)
  })

  test('is durable when it was set, even if either slot is lost', async () => {
    const { disk, clock, mark } = await made()
    mark.advance(logPosition(5000))
    clock.advance(60)
    await settle()
    await mark.set(logPosition(1000))
    disk.crash(new Prng(3))
    expect(await found(disk)).toBe(1000)
    for (const start of [0, SLOT_BYTES]) {
      const copy = disk.copy()
      copy.edit(SYNCED_MARK_PATH, (bytes) => bytes.fill(0xff, start, start + SLOT_BYTES))
      expect(await found(copy)).toBe(1000)
    }
  })

  test('is durable when it was closed', async () => {
    const { disk, mark } = await made()
    mark.advance(logPosition(123))
    await mark.close()
    disk.crash(new Prng(4))
    expect(await found(disk)).toBe(123)
  })

  test('never says more than it was told, nor less than what was set, after a crash at any operation', async () => {
    for (let crashAt = 5; crashAt < 40; crashAt++) {
      for (let seed = 0; seed < 6; seed++) {
        const { disk, clock, mark } = await made()
        let [low, high] = [0, 0]
        disk.hook = ({ count }) => {
          if (count === crashAt) disk.cutPower()
        }
        try {
          for (let i = 1; i < 10; i++) {
            high = i * 100
            mark.advance(logPosition(high))
            clock.advance(i % 3 === 0 ? 1100 : 70)
            await settle()
            if (i % 4 === 0) {
              low = Math.min(low, high - 350)
              await mark.set(logPosition(high - 350))
              low = high - 350
            }
          }
        } catch (error) {
          if (!(error instanceof SimCrash)) throw error
        }
        disk.hook = undefined
        disk.crash(new Prng(seed))
        const position = await found(disk)
        expect(position).toBeGreaterThanOrEqual(low)
        expect(position).toBeLessThanOrEqual(high)
      }
    }
  })

  test('that cannot be written in the background stops the store', async () => {
    const { disk, clock, failStop, mark } = await made()
    disk.hook = ({ kind }) => {
      if (kind === 'write') throw new SimDiskError('EIO')
    }
    mark.advance(logPosition(1))
    clock.advance(50)
    await settle()
    expect(failStop.failed).toBe(true)
    await mark.close()
  })

  test('only advances', async () => {
    const { mark } = await made()
    mark.advance(logPosition(10))
    expect(() => mark.advance(logPosition(9))).toThrow('the mark advances')
  })
})
