/** Reading and writing layouts: what was written is read, and nothing past the end is. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { BytesError, getUint64, Reader, setUint64, viewOf, Writer } from '../../src/base/bytes.ts'

const whole64 = fc.maxSafeNat()

test('what is written is read again, and nothing is left', () => {
  const values = fc.tuple(
    fc.nat(0xff),
    fc.nat(0xffff),
    fc.nat(0xffff_ffff),
    whole64,
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array(),
  )
  fc.assert(
    fc.property(values, ([a, b, c, d, text, bytes]) => {
      const writer = new Writer(1)
        .uint8(a)
        .uint16(b)
        .uint32(c)
        .uint64(d)
        .text16(text)
        .bytes32(bytes)
        .raw(bytes)
      const reader = new Reader(writer.done())
      expect([reader.uint8(), reader.uint16(), reader.uint32(), reader.uint64()]).toEqual([a, b, c, d])
      expect(reader.text16()).toBe(text)
      expect(reader.bytes32()).toEqual(bytes)
      expect(reader.take(bytes.byteLength)).toEqual(bytes)
      expect(reader.left).toBe(0)
      reader.end()
    }),
  )
})

test('keys of 64-bit numbers sort as the numbers do', () => {
  fc.assert(
    fc.property(whole64, whole64, (a, b) => {
      const [left, right] = [a, b].map((value) => Buffer.from(new Writer().uint64(value).done()))
      expect(Buffer.compare(left ?? Buffer.alloc(0), right ?? Buffer.alloc(0))).toBe(Math.sign(a - b))
    }),
  )
})

test('a view into a larger buffer keeps to its own bytes', () => {
  const whole = Uint8Array.from({ length: 32 }, (_, n) => n)
  const reader = new Reader(whole.subarray(8, 16))
  expect(reader.uint8()).toBe(8)
  expect(reader.take(2)).toEqual(Uint8Array.of(9, 10))
  reader.skip(5)
  expect(() => reader.uint8()).toThrow(BytesError)
})

test('bytes that end too early, are left over or hold too large a number are refused', () => {
  expect(() => new Reader(new Uint8Array(3)).uint32()).toThrow(BytesError)
  expect(() => new Reader(Uint8Array.of(0, 0, 0, 9, 1)).bytes32()).toThrow(BytesError)
  expect(() => new Reader(new Uint8Array(1)).take(-1)).toThrow(BytesError)
  expect(() => new Reader(new Uint8Array(1)).end()).toThrow(BytesError)
  const beyond = new Uint8Array(8).fill(0xff)
  expect(() => new Reader(beyond).uint64()).toThrow(BytesError)
  expect(() => getUint64(viewOf(beyond), 0)).toThrow(BytesError)
})

test('the largest whole number goes through eight bytes', () => {
  const view = viewOf(new Uint8Array(8))
  setUint64(view, 0, Number.MAX_SAFE_INTEGER)
  expect(getUint64(view, 0)).toBe(Number.MAX_SAFE_INTEGER)
})

test('a number that does not fit is our own mistake', () => {
  expect(() => new Writer().uint16(0x1_0000)).toThrow(InvariantError)
  expect(() => new Writer().uint64(-1)).toThrow(InvariantError)
  expect(() => new Writer().uint64(0.5)).toThrow(InvariantError)
})
