import { describe, expect, test } from 'vitest'
import {
  compareDoubles,
  compareIntegers,
  parseDouble,
  parseInteger,
} from '../../../src/broker/sql/numbers.ts'

test.each<readonly [string, number | bigint | undefined]>([
  ['0', 0],
  ['-0', 0],
  ['+7', 7],
  ['-007', -7],
  ['999999999999999', 999_999_999_999_999],
  ['9007199254740993', 9_007_199_254_740_993n],
  ['9223372036854775807', 9_223_372_036_854_775_807n],
  ['-9223372036854775808', -9_223_372_036_854_775_808n],
  ['+0000000000000000000009223372036854775807', 9_223_372_036_854_775_807n],
  ['9223372036854775808', undefined],
  ['-9223372036854775809', undefined],
  ['99999999999999999999', undefined],
  ['', undefined],
  ['+', undefined],
  ['-', undefined],
  [' 1', undefined],
  ['1 ', undefined],
  ['1.0', undefined],
  ['1e3', undefined],
  ['0x10', undefined],
  ['١', undefined],
])('%s as an integer is %s', (text, value) => {
  expect(parseInteger(text)).toBe(value)
})

test.each<readonly [string, number | undefined]>([
  ['1', 1],
  ['-1.5', -1.5],
  ['+.5', 0.5],
  ['5.', 5],
  ['1e3', 1000],
  ['1.5E-3', 0.0015],
  ['2.5f', 2.5],
  ['2.5D', 2.5],
  [' \t1\n', 1],
  ['1e999', Infinity],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['', undefined],
  ['.', undefined],
  ['e5', undefined],
  ['1e', undefined],
  ['1 2', undefined],
  ['infinity', undefined],
  ['0x1p3', undefined],
  ['1_000', undefined],
])('%s as a double is %s', (text, value) => {
  expect(parseDouble(text)).toBe(value)
})

test('a long text of digits is read in no time', () => {
  const began = performance.now()
  expect(parseDouble(`${'1'.repeat(16_000)}x`)).toBeUndefined()
  expect(parseInteger('1'.repeat(16_000))).toBeUndefined()
  expect(parseInteger(`${'0'.repeat(16_000)}x`)).toBeUndefined()
  expect(performance.now() - began).toBeLessThan(100)
})

describe('numbers are ordered as in Java', () => {
  test('doubles with the zeros apart and NaN last', () => {
    const inOrder = [-Infinity, -1, -0, 0, 1, Infinity, Number.NaN]
    for (const [i, a] of inOrder.entries()) {
      for (const [j, b] of inOrder.entries()) expect(compareDoubles(a, b)).toBe(Math.sign(i - j))
    }
  })

  test('integers exactly', () => {
    expect(compareIntegers(9_007_199_254_740_993n, 9_007_199_254_740_992)).toBe(1)
    expect(compareIntegers(-1, 0)).toBe(-1)
    expect(compareIntegers(5n, 5)).toBe(0)
  })
})
