import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agreedReading } from '../../src/broker/agreed-time.ts'

describe('of three clocks', () => {
  test('the one in the middle tells the time when all agree', () => {
    expect(agreedReading([500, 0, 900], 2)).toBe(500)
  })

  test('one that is off has no say, whichever way', () => {
    expect(agreedReading([0, 200, 90_000], 2)).toBe(100)
    expect(agreedReading([-1e9, 200, 300], 2)).toBe(250)
  })

  test('none tells the time when all differ', () => {
    expect(agreedReading([0, 2_000, 4_000], 2)).toBeUndefined()
  })

  test('two must agree when one is not heard of', () => {
    expect(agreedReading([0, 1_000], 2)).toBe(500)
    expect(agreedReading([0, 1_001], 2)).toBeUndefined()
    expect(agreedReading([7], 2)).toBeUndefined()
  })
})

test('a member that is alone is its own majority', () => {
  expect(agreedReading([7], 1)).toBe(7)
  expect(agreedReading([], 1)).toBeUndefined()
})

test('clocks that agree are never outvoted by a minority, wherever that stands', () => {
  const good = fc.array(fc.nat({ max: 900 }), { minLength: 3, maxLength: 3 })
  const bad = fc.array(fc.integer({ min: -1e12, max: 1e12 }), { maxLength: 2 })
  fc.assert(
    fc.property(good, bad, (agreeing, others) => {
      const time = agreedReading([...others, ...agreeing], 3) ?? Number.NaN
      expect(time).toBeGreaterThanOrEqual(-1_000)
      expect(time).toBeLessThanOrEqual(1_900)
    }),
  )
})
