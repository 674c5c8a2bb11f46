/** A few seeds of the simulator with each machine, as part of every test run. `npm run sim` runs many. */
import { expect, test } from 'vitest'
import { HashWorkload } from './hash-workload.ts'
import { runSeed } from './run-seed.ts'
import { drawSettings } from './settings.ts'

const seeds = Array.from({ length: 20 }, (_, at) => at + 1)

test.each(seeds)('seed %i of the log alone holds', (seed) => {
  const verdict = runSeed(drawSettings(seed), new HashWorkload())
  expect(verdict.failure).toBeNull()
  expect(verdict.committed).toBeGreaterThan(0)
})

test('the same seed twice is the same story', () => {
  const once = runSeed(drawSettings(3), new HashWorkload())
  const again = runSeed(drawSettings(3), new HashWorkload(), 10)
  expect(again.hash).toBe(once.hash)
  expect(runSeed(drawSettings(4), new HashWorkload()).hash).not.toBe(once.hash)
})
