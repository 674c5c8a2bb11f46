import { expect, test } from 'vitest'
import { durationMs, durationOf } from '../../src/rpc/durations.ts'

test('durations are read as whole milliseconds', () => {
  expect(durationMs({ seconds: 2, nanos: 500_000_000 })).toBe(2500)
  expect(durationMs({ seconds: -1, nanos: 0 })).toBe(-1000)
  expect(durationMs({ seconds: 54, nanos: 852_516_352 })).toBe(54_852)
  expect([durationMs(null), durationMs(undefined)]).toEqual([undefined, undefined])
})

test('milliseconds become a duration of the same length', () => {
  expect(durationOf(10)).toEqual({ seconds: 0, nanos: 10_000_000 })
  for (const ms of [0, 1, 999, 1000, 7_200_000]) expect(durationMs(durationOf(ms))).toBe(ms)
})
