/** The checksum of the log, the frames and the digests. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32 } from '../../src/base/crc32.ts'

test('is the CRC-32 of zlib', () => {
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926)
  expect(crc32(new Uint8Array())).toBe(0)
})

test('goes on from the bytes before', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      expect(crc32(b, crc32(a))).toBe(crc32(Uint8Array.from([...a, ...b])))
    }),
  )
})
