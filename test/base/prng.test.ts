/** The generator that every replay stands on. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Prng } from '../../src/base/prng.ts'

const draw = (prng: Prng, count: number): number[] => Array.from({ length: count }, () => prng.uint32())

test('a seed gives the same numbers for ever', () => {
  expect(draw(new Prng(1), 4)).toEqual([573063952, 3268221502, 703077755, 2308299391])
})

test('the same seed gives the same numbers and other seeds give others', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
      expect(draw(new Prng(a), 8)).toEqual(draw(new Prng(a), 8))
      if (a !== b) expect(draw(new Prng(a), 8)).not.toEqual(draw(new Prng(b), 8))
    }),
  )
})

test('numbers keep to their range', () => {
  fc.assert(
    fc.property(
      fc.maxSafeNat(),
      fc.integer({ min: -1000, max: 1000 }),
      fc.integer({ min: 1, max: 1000 }),
      (seed, start, width) => {
        const prng = new Prng(seed)
        const n = prng.below(start + width, start)
        expect(n >= start && n < start + width && Number.isInteger(n)).toBe(true)
        const fraction = prng.fraction()
        expect(fraction >= 0 && fraction < 1).toBe(true)
        expect(['a', 'b']).toContain(prng.pick(['a', 'b']))
      },
    ),
  )
})

test('chances come out about as often as they should', () => {
  const prng = new Prng(7)
  const hits = Array.from({ length: 10_000 }, () => prng.chance(0.3)).filter(Boolean).length
  expect(hits).toBeGreaterThan(2_800)
  expect(hits).toBeLessThan(3_200)
  expect([prng.chance(0), prng.chance(1)]).toEqual([false, true])
})

test('draws from a split generator do not move the other', () => {
  const one = new Prng(3)
  const other = new Prng(3)
  const part = one.split()
  other.split()
  draw(part, 100)
  expect(draw(one, 4)).toEqual(draw(other, 4))
})
