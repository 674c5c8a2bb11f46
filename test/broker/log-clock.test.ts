import fc from 'fast-check'
import { expect, test } from 'vitest'
import { millis } from '../../src/base/brand.ts'
import { LogClock } from '../../src/broker/log-clock.ts'

const DAY = 86_400_000

test('log time goes on from the last stamp, not from the time that passed without a leader', () => {
  const clock = new LogClock()
  clock.start(millis(1_000_000), 500, millis(1_000_000 + DAY))
  expect(clock.now(500, millis(1_000_000 + DAY))).toBe(1_000_000)
})

test('an empty log starts at the wall clock', () => {
  const clock = new LogClock()
  clock.start(millis(0), 500, millis(7 * DAY))
  expect(clock.now(500, millis(7 * DAY))).toBe(7 * DAY)
})

test('a wall clock a day ahead makes log time at most 10 % faster', () => {
  const clock = new LogClock()
  clock.start(millis(1_000_000), 0, millis(1_000_000))
  expect(clock.now(10_000, millis(1_000_000 + DAY))).toBe(1_011_000)
})

test('a wall clock a day behind makes log time at most 10 % slower', () => {
  const clock = new LogClock()
  clock.start(millis(2 * DAY), 0, millis(2 * DAY))
  expect(clock.now(10_000, millis(DAY))).toBe(2 * DAY + 9_000)
})

test('log time never goes back and reaches a steady wall clock', () => {
  const jumps = fc.array(fc.record({ elapsed: fc.nat(5_000), wall: fc.nat(10 * DAY) }), { maxLength: 50 })
  fc.assert(
    fc.property(jumps, (steps) => {
      const clock = new LogClock()
      clock.start(millis(5 * DAY), 0, millis(5 * DAY))
      let mono = 0
      let last = 5 * DAY
      for (const step of steps) {
        mono += step.elapsed
        const now = clock.now(mono, millis(step.wall))
        expect(now).toBeGreaterThanOrEqual(last)
        expect(now - last).toBeLessThanOrEqual(step.elapsed * 1.1 + 1)
        last = now
      }
      const apart = Math.abs(20 * DAY - last)
      const elapsed = apart * 10 + 1_000
      expect(clock.now(mono + elapsed, millis(20 * DAY + elapsed))).toBe(20 * DAY + elapsed)
    }),
  )
})
