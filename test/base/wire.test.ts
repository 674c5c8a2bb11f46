import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isUtf8, WireError, WireReader } from '../../src/base/wire.ts'

function fieldsOf(bytes: readonly number[]): (readonly [field: number, type: number, ...rest: number[]])[] {
  const reader = new WireReader(Uint8Array.from(bytes))
  const found: (readonly [number, number, ...number[]])[] = []
  while (reader.next()) {
    found.push([reader.field, reader.wireType, reader.fieldStart, reader.valueStart, reader.valueEnd])
  }
  return found
}

describe('walking', () => {
  test('each wire type is stepped over', () => {
    const bytes = [0x08, 0x96, 0x01, 0x12, 0x02, 0x61, 0x62, 0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x25, 1, 2, 3, 4]
    expect(fieldsOf(bytes)).toEqual([
      [1, 0, 0, 1, 3],
      [2, 2, 3, 5, 7],
      [3, 1, 7, 8, 16],
      [4, 5, 16, 17, 21],
    ])
  })

  test('a varint gives its low and high halves and its signed value', () => {
    const reader = new WireReader(
      Uint8Array.from([0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
    )
    reader.next()
    expect([reader.low, reader.high, reader.signed()]).toEqual([0xffff_ffff, 0xffff_ffff, -1])
    const large = new WireReader(Uint8Array.from([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]))
    large.next()
    expect([large.low, large.high, large.signed()]).toEqual([0, 8, 2 ** 35])
  })

  test.each([
    ['a field number of 0', [0x00, 0x01]],
    ['a group', [0x0b, 0x0c]],
    ['an unknown wire type', [0x0e]],
    ['a length beyond the end', [0x0a, 0x05, 0x61]],
    ['a length beyond 32 bits', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    ['a number without an end', [0x08, 0x80]],
    ['a number of eleven bytes', [0x08, ...Array.from({ length: 10 }, () => 0x80), 0x01]],
    ['a fixed number cut short', [0x0d, 1, 2, 3]],
  ])('%s is refused', (_, bytes) => {
    expect(() => fieldsOf(bytes)).toThrow(WireError)
  })

  test('random bytes are walked inside their bounds or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(64), (bytes, cut) => {
        const end = Math.min(cut, bytes.length)
        const reader = new WireReader(bytes, 0, end)
        let last = 0
        try {
          while (reader.next()) {
            expect(reader.fieldStart).toBe(last)
            last = reader.valueEnd
            expect(last).toBeLessThanOrEqual(end)
          }
          expect(last).toBe(end)
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
        }
      }),
    )
  })
})

test('UTF-8 is told from other bytes as the platform does', () => {
  const strict = new TextDecoder('utf-8', { fatal: true })
  const pieces = fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(text)),
    fc.uint8Array({ maxLength: 6 }),
    fc.uint8Array({ min: 0x80, max: 0xff, maxLength: 4 }),
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 3 }), (parts) => {
      const bytes = Uint8Array.from(parts.flatMap((part) => [...part]))
      let expected = true
      try {
        strict.decode(bytes)
      } catch {
        expected = false
      }
      expect(isUtf8(bytes, 0, bytes.length)).toBe(expected)
    }),
    { numRuns: 2000 },
  )
})
