/** Did you mean. */
import { expect, test } from 'vitest'
import { distance, nearest } from '../../src/cli/suggest.ts'

test.each([
  ['ordes', 'orders'],
  ['hlelo', 'hello'],
  ['Hello', 'hello'],
  ['payments', undefined],
  ['x', undefined],
])('for %s the name %s is meant', (typed, meant) => {
  expect(nearest(typed, ['hello', 'orders', 'billing'])).toBe(meant)
})

test('swapped neighbours are one step apart', () => {
  expect(distance('ab', 'ba')).toBe(1)
  expect(distance('', 'abc')).toBe(3)
  expect(distance('same', 'same')).toBe(0)
})
