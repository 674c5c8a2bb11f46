/** A few seeds of the simulator with each machine, as part of every test run. `npm run sim` runs many. */
import { describe, expect, test } from 'vitest'
import { runOne } from './campaign.ts'
import { MARKS } from './marks.ts'
import { Tally } from './tally.ts'

const SEEDS = Array.from({ length: 8 }, (_, at) => at + 1)

describe('the log alone', () => {
  test.each(SEEDS)('seed %i holds', async (seed) => {
    const verdict = await runOne('log', seed)
    expect(verdict.failure).toBeNull()
    expect(verdict.committed).toBeGreaterThan(0)
  })
})

describe('the broker on the log', () => {
  test.each(SEEDS)('seed %i holds', async (seed) => {
    const verdict = await runOne('broker', seed)
    expect(verdict.failure).toBeNull()
    expect(verdict.committed).toBeGreaterThan(0)
  })
})

test('these few seeds together reach everything that is rare', async () => {
  const reached = new Tally()
  for (const seed of [...SEEDS, 11, 75, 79, 98]) reached.join((await runOne('log', seed)).tally)
  expect(MARKS.filter((mark) => reached.count(`reached: ${mark}`) === 0)).toEqual([])
})

describe('seeds that failed once', () => {
  test('a node that asks for pre-votes votes for a candidate of its own term', async () => {
    expect((await runOne('log', 10)).failure).toBeNull()
  })

  test('a leader needs not what a later one committed before its last vote came', async () => {
    expect((await runOne('node', 557)).failure).toBeNull()
  })

  test('a process that has ended writes nothing to its tables any more', async () => {
    expect((await runOne('node', 212)).failure).toBeNull()
  })
})

describe('whole members', () => {
  test.each(SEEDS.slice(0, 3))('seed %i holds', async (seed) => {
    const verdict = await runOne('node', seed)
    expect(verdict.failure).toBeNull()
    expect(verdict.committed).toBeGreaterThan(0)
  })
})

test('a member that the floor has passed takes the state of the group, and all end with the same', async () => {
  const verdict = await runOne('node', 23)
  expect(verdict.failure).toBeNull()
  expect(verdict.tally['reached: state taken']).toBeGreaterThan(0)
})

test.each(['broker', 'node'] as const)('the same %s seed twice is the same story', async (kind) => {
  const once = await runOne(kind, 3)
  expect((await runOne(kind, 3, [], 10)).hash).toBe(once.hash)
  expect((await runOne(kind, 4)).hash).not.toBe(once.hash)
})
