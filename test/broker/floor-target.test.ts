import { expect, test } from 'vitest'
import { floorTarget } from '../../src/broker/floor-target.ts'

const S = 100

function targetOf(target: number, sharedEnd: number, awayBytes: number, least = 0): number {
  return floorTarget({ target, least, sharedEnd, segmentBytes: S, awayBytes })
}

test('the floor is where retention wants it when every member has what stays', () => {
  expect(targetOf(5 * S, 7 * S, 0)).toBe(5 * S)
  expect(targetOf(5 * S, 7 * S, 10 * S)).toBe(5 * S)
})

test('what a member lacks that is behind is kept, as far as the configuration says', () => {
  expect(targetOf(8 * S, 3 * S + 1, 10 * S)).toBe(3 * S)
  expect(targetOf(8 * S, 3 * S + 1, 2 * S)).toBe(6 * S)
  expect(targetOf(8 * S, 3 * S + 1, 2 * S - 1)).toBe(6 * S)
  expect(targetOf(8 * S, 0, 0)).toBe(8 * S)
})

test('the floor never goes down', () => {
  expect(targetOf(8 * S, 0, 10 * S, 4 * S)).toBe(4 * S)
  expect(targetOf(2 * S, 9 * S, 0, 4 * S)).toBe(4 * S)
})
