/** A few seeds of the simulator with each machine, as part of every test run. `npm run sim` runs many. */
import { describe, expect, test } from 'vitest'
import { runOne } from './campaign.ts'
import { Marks, MARKS } from './marks.ts'

const SEEDS = Array.from({ length: 8 }, (_, at) => at + 1)

describe('the log alone', () => {
  test.each(SEEDS)('seed %i holds', (seed) => {
    const verdict = runOne('log', seed)
    expect(verdict.failure).toBeNull()
    expect(verdict.committed).toBeGreaterThan(0)
  })
})

describe('the broker on the log', () => {
  test.each(SEEDS)('seed %i holds', (seed) => {
    const verdict = runOne('broker', seed)
    expect(verdict.failure).toBeNull()
    expect(verdict.committed).toBeGreaterThan(0)
  })
})

test('these few seeds together reach everything that is rare', () => {
  const reached = new Marks()
  for (const seed of [...SEEDS, 11, 75, 79, 98]) reached.add(runOne('log', seed).marks)
  expect(MARKS.filter((mark) => reached.count(mark) === 0)).toEqual([])
})

describe('seeds that failed once', () => {
  test('a node that asks for pre-votes votes for a candidate of its own term', () => {
    expect(runOne('log', 10).failure).toBeNull()
  })
})

test('the same seed twice is the same story, another seed another one', () => {
  const once = runOne('broker', 3)
  expect(runOne('broker', 3, [], 10).hash).toBe(once.hash)
  expect(runOne('broker', 4).hash).not.toBe(once.hash)
})
