import { expect, test } from 'vitest'
import { logIndex, logPosition, term } from '../../src/base/brand.ts'
import type { LogRecord } from '../../src/dledger/record-codec.ts'
import { TailCache } from '../../src/dledger/tail-cache.ts'

function record(index: number, size = 100): LogRecord {
  const bytes = new Uint8Array(size).fill(index % 256)
  const position = logPosition((index - 1) * 100)
  return { index: logIndex(index), term: term(1), position, size, headerCrc: 0, chain: 0, bytes }
}

function filled(count: number, bytesMax = 1000): TailCache {
  const cache = new TailCache(bytesMax)
  for (let i = 1; i <= count; i++) cache.push(record(i))
  return cache
}

test('it drops the oldest records beyond its limit', () => {
  const cache = filled(20)
  cache.shrink(Number.MAX_SAFE_INTEGER)
  expect(cache.bytes).toBe(1000)
  expect(cache.firstIndex).toBe(11)
  expect(cache.get(10)).toBeUndefined()
  expect(cache.get(11)?.index).toBe(11)
  expect(cache.get(21)).toBeUndefined()
})

test('it never drops what the disk does not hold yet', () => {
  const cache = filled(20)
  cache.shrink(350)
  expect(cache.firstIndex).toBe(4)
  expect(cache.bytes).toBe(1700)
})

test('it finds bytes inside one record only', () => {
  const cache = filled(20)
  cache.shrink(500)
  expect(cache.bytesAt(799, 1)).toEqual(new Uint8Array([8]))
  expect(cache.bytesAt(710, 90)).toHaveLength(90)
  expect(cache.bytesAt(710, 91)).toBeUndefined()
  expect(cache.bytesAt(499, 1)).toBeUndefined()
  expect(cache.bytesAt(2000, 1)).toBeUndefined()
})

test('it forgets what is cut off and goes on from there', () => {
  const cache = filled(10)
  cache.cut(6)
  expect(cache.count).toBe(5)
  cache.push(record(6, 50))
  expect(cache.get(6)?.size).toBe(50)
  cache.cut(1)
  expect(cache.count).toBe(0)
  expect(cache.bytes).toBe(0)
  cache.push(record(1))
  expect(cache.firstIndex).toBe(1)
})

test('after a cut below its oldest record it starts where the log goes on', () => {
  const cache = filled(20, 300)
  cache.shrink(2000)
  cache.cut(5)
  expect(cache.firstIndex).toBeUndefined()
  cache.push(record(5))
  expect(cache.firstIndex).toBe(5)
})

test('it refuses a gap', () => {
  expect(() => filled(3).push(record(5))).toThrow('no gap')
})

test('it stays small over many records', () => {
  const cache = new TailCache(1000)
  for (let i = 1; i <= 10_000; i++) {
    cache.push(record(i))
    cache.shrink(Number.MAX_SAFE_INTEGER)
  }
  expect(cache.count).toBe(10)
  expect(cache.get(9_995)?.index).toBe(9_995)
})
