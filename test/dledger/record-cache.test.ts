import { expect, test } from 'vitest'
import { RecordCache } from '../../src/dledger/record-cache.ts'

const record = (size: number): Uint8Array => new Uint8Array(size)

test('the record unused longest goes when there is no room', () => {
  const cache = new RecordCache(300)
  for (const index of [1, 2, 3]) cache.put(index, record(100))
  cache.get(1)
  cache.put(4, record(100))
  expect([1, 2, 3, 4].map((index) => cache.get(index) !== undefined)).toEqual([true, false, true, true])
  expect(cache.bytes).toBe(300)
})

test('a record larger than the cache is not kept and drives nothing out', () => {
  const cache = new RecordCache(300)
  cache.put(1, record(200))
  cache.put(2, record(301))
  expect(cache.get(2)).toBeUndefined()
  expect(cache.get(1)).toHaveLength(200)
})

test('a record put again counts once', () => {
  const cache = new RecordCache(300)
  cache.put(1, record(200))
  cache.put(1, record(100))
  expect(cache.bytes).toBe(100)
})

test('a cut forgets everything behind it', () => {
  const cache = new RecordCache(1000)
  for (const index of [5, 1, 9, 3]) cache.put(index, record(100))
  cache.cut(4)
  expect([1, 3, 5, 9].map((index) => cache.get(index) !== undefined)).toEqual([true, true, false, false])
  expect(cache.bytes).toBe(200)
})
