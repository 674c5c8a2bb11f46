import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Counter, Histogram } from '../../src/base/metrics.ts'

test('a histogram counts for each bound the values up to it, and all at the end', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 30 })), (values) => {
      const histogram = new Histogram([1, 5, 20])
      for (const value of values) histogram.observe(value)
      const upTo = (bound: number): number => values.filter((value) => value <= bound).length
      expect(histogram.cumulative()).toEqual([upTo(1), upTo(5), upTo(20), values.length])
      expect(histogram.sum).toBe(values.reduce((sum, value) => sum + value, 0))
    }),
  )
})

test('bounds of a histogram rise', () => {
  expect(() => new Histogram([1, 1])).toThrow('bounds rise')
})

test('a counter adds up and never goes down', () => {
  const counter = new Counter()
  counter.add()
  counter.add(4)
  expect(counter.value).toBe(5)
  expect(() => counter.add(-1)).toThrow('a counter only goes up')
})
