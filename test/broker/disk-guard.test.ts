import { expect, test } from 'vitest'
import { DiskGuard } from '../../src/broker/disk-guard.ts'
import { ManualClock, QuietLogger, settle } from '../support/manual-clock.ts'
import { SimDisk } from '../support/sim-disk.ts'

test('sends are refused while less than the reserve is free, and taken again when space returns', async () => {
  const disk = new SimDisk()
  const clock = new ManualClock()
  const logger = new QuietLogger()
  disk.capacityBytes = 10 << 20
  const guard = new DiskGuard(disk, 4 << 20, clock, logger)
  await guard.start()
  guard.requireSpace()
  const ballast = await disk.open('ballast', { create: true })
  await ballast.write([new Uint8Array(7 << 20)], 0)
  clock.advance(1_000)
  await settle()
  expect(() => guard.requireSpace()).toThrow('has 3 MiB left and keeps 4 MiB')
  expect(guard.low).toBe(true)
  await ballast.truncate(0)
  clock.advance(1_000)
  await settle()
  guard.requireSpace()
  expect(logger.phrases).toEqual(['disk is nearly full'])
  guard.stop()
  expect(clock.timers).toBe(0)
})
