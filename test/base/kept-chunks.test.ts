import fc from 'fast-check'
import { expect, test } from 'vitest'
import { joinLast } from '../../src/base/kept-chunks.ts'

test('chunks keep their bytes and order, and stay few however small they come', () => {
  const sizes = fc.array(fc.oneof(fc.nat(3), fc.nat(5000), fc.nat(20_000)), { maxLength: 50 })
  fc.assert(
    fc.property(sizes, (lengths) => {
      const chunks: Buffer[] = []
      const all = lengths.map((length, at) => Buffer.alloc(length, at))
      for (const chunk of all) {
        chunks.push(chunk)
        joinLast(chunks)
      }
      const bytes = Buffer.concat(all)
      expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
      expect(chunks.length).toBeLessThanOrEqual(2 + bytes.byteLength / 2048)
    }),
  )
})

test('a small view lets go of the buffer it was cut from, a large one does not', () => {
  const read = Buffer.alloc(65_536)
  const chunks = [read.subarray(0, 10)]
  joinLast(chunks)
  expect(chunks[0]?.buffer).not.toBe(read.buffer)
  chunks.push(read.subarray(10, 20_000))
  joinLast(chunks)
  expect(chunks.map((chunk) => chunk.byteLength)).toEqual([10, 19_990])
  expect(chunks[1]?.buffer).toBe(read.buffer)
})
