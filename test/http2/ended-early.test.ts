import { expect, test } from 'vitest'
import { EndedEarly } from '../../src/http2/ended-early.ts'

test('the last streams are known and the oldest are forgotten', () => {
  const ended = new EndedEarly()
  for (let streamId = 1; streamId <= 10_001; streamId += 2) ended.add(streamId)
  expect([1, 1809, 1811, 10_001, 10_003].map((streamId) => ended.has(streamId))).toEqual([
    false,
    false,
    true,
    true,
    false,
  ])
})
