import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TokenBucket } from '../../src/http2/token-bucket.ts'

test('a burst goes, then so many a second, and rest saves up no more than a burst', () => {
  let now = 5000
  const bucket = new TokenBucket(3, 2, () => now)
  const takes = (count: number): boolean[] => Array.from({ length: count }, () => bucket.take())
  expect(takes(4)).toEqual([true, true, true, false])
  now += 500
  expect(takes(2)).toEqual([true, false])
  now += 3_600_000
  expect(takes(4)).toEqual([true, true, true, false])
})

test('over any time no more go than the burst and the rate allow', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(300), { maxLength: 200 }), (pauses) => {
      let now = 0
      const bucket = new TokenBucket(5, 10, () => now)
      let taken = 0
      for (const pause of pauses) {
        now += pause
        if (bucket.take()) taken++
        expect(taken).toBeLessThanOrEqual(5 + now / 100)
      }
    }),
  )
})
