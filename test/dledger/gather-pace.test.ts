import { expect, test } from 'vitest'
import { ENTRY_BYTES_TARGET } from '../../src/base/limits.ts'
import { GatherPace } from '../../src/dledger/gather-pace.ts'
import { ManualClock } from '../support/manual-clock.ts'

function paced(): { readonly clock: ManualClock; readonly pace: GatherPace; readonly wakes: () => number } {
  const clock = new ManualClock()
  let wakes = 0
  return { clock, pace: new GatherPace(clock, () => wakes++), wakes: () => wakes }
}

test('a command that comes alone goes at once', () => {
  const { clock, pace, wakes } = paced()
  expect(pace.mayGather(100)).toBe(true)
  clock.advance(1)
  expect(pace.mayGather(100)).toBe(true)
  expect(wakes()).toBe(0)
})

test('little that comes right after an entry waits a millisecond and is then woken once', () => {
  const { clock, pace, wakes } = paced()
  pace.mayGather(100)
  expect([pace.mayGather(100), pace.mayGather(200)]).toEqual([false, false])
  clock.advance(1)
  expect(wakes()).toBe(1)
  expect(pace.mayGather(200)).toBe(true)
})

test('much goes at any time', () => {
  const { pace } = paced()
  pace.mayGather(100)
  expect(pace.mayGather(ENTRY_BYTES_TARGET)).toBe(true)
})
