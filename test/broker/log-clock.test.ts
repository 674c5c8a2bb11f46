import fc from 'fast-check'
import { expect, test } from 'vitest'
import { millis } from '../../src/base/brand.ts'
import { LogClock } from '../../src/broker/log-clock.ts'

const DAY = 86_400_000

/** A clock that met the agreed time in its term. */
function running(now: number): LogClock {
  const clock = new LogClock()
  clock.start(millis(now), 0, millis(now))
  clock.now(0, now)
  return clock
}

test('log time goes on from the last stamp, whatever the own wall clock says, while no majority agrees', () => {
  const clock = new LogClock()
  clock.start(millis(1_000_000), 500, millis(1_000_000 + DAY))
  expect(clock.now(500, undefined)).toBe(1_000_000)
  expect(clock.now(90_500, undefined)).toBe(1_090_000)
})

test('an empty log starts at the wall clock', () => {
  const clock = new LogClock()
  clock.start(millis(0), 500, millis(7 * DAY))
  expect(clock.now(500, undefined)).toBe(7 * DAY)
})

test('a new leader goes on from the time of the majority when nobody led for a while, once', () => {
  const clock = new LogClock()
  clock.start(millis(1_000_000), 0, millis(1_000_000))
  expect(clock.now(100, undefined)).toBe(1_000_100)
  expect(clock.now(200, 1_000_200 + DAY)).toBe(1_000_200 + DAY)
  expect(clock.now(1_200, 1_021_200 + DAY)).toBe(1_001_300 + DAY)
})

test('a leader whose machine slept goes on from the time of the majority', () => {
  const clock = running(1_000_000)
  expect(clock.now(1_000, 1_000_000 + DAY)).toBe(1_000_000 + DAY)
})

test('a majority less than a minute ahead makes log time at most 10 % faster', () => {
  const clock = running(1_000_000)
  expect(clock.now(10_000, 1_060_000)).toBe(1_011_000)
})

test('a majority a day behind makes log time at most 10 % slower, for a new leader too', () => {
  const clock = running(2 * DAY)
  expect(clock.now(10_000, DAY)).toBe(2 * DAY + 9_000)
  clock.start(millis(2 * DAY), 20_000, millis(DAY))
  expect(clock.now(30_000, DAY)).toBe(2 * DAY + 9_000)
})

test('log time never goes back and reaches a steady majority', () => {
  const readings = fc.record({
    elapsed: fc.nat(5_000),
    agreed: fc.option(fc.nat(10 * DAY), { nil: undefined }),
  })
  fc.assert(
    fc.property(fc.array(readings, { maxLength: 50 }), (steps) => {
      const clock = running(5 * DAY)
      let mono = 0
      let last = 5 * DAY
      for (const { elapsed, agreed } of steps) {
        mono += elapsed
        const now = clock.now(mono, agreed)
        expect(now).toBeGreaterThanOrEqual(last)
        const most = agreed === undefined ? last : Math.max(agreed, last + elapsed * 1.1)
        expect(now).toBeLessThanOrEqual(Math.max(most, last + elapsed * 1.1) + 1)
        last = now
      }
      const elapsed = Math.abs(20 * DAY - last) * 10 + 1_000
      expect(clock.now(mono + elapsed, 20 * DAY + elapsed)).toBe(20 * DAY + elapsed)
    }),
  )
})
