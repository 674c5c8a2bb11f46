/** The gates where numbers come in. */
import { expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { logIndex, logPosition, millis, nodeId, queueOffset, term } from '../../src/base/brand.ts'

const gates = [term, logIndex, logPosition, queueOffset, nodeId, millis]

test('whole numbers pass as they are', () => {
  for (const gate of gates) {
    expect(gate(0)).toBe(0)
    expect(gate(Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER)
  }
})

test('anything else is our own mistake', () => {
  for (const gate of gates) {
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => gate(bad)).toThrow(InvariantError)
    }
  }
  expect(() => term(0.5)).toThrow(InvariantError)
})

test('fractions of milliseconds are cut off', () => {
  expect(millis(12.9)).toBe(12)
})
