import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checkRecord,
  encodeHeader,
  parseHeader,
  RECORD_HEADER_BYTES,
  type RecordExpected,
} from '../../src/dledger/record-codec.ts'

interface Fields {
  readonly term: number
  readonly index: number
  readonly position: number
  readonly chain: number
}

const fieldsArbitrary = fc.record({
  term: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  index: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  position: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  chain: fc.nat({ max: 0xffff_ffff }),
})

function recordOf(fields: Fields, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(RECORD_HEADER_BYTES + body.byteLength)
  bytes.set(body, RECORD_HEADER_BYTES)
  encodeHeader(bytes, fields)
  return bytes
}

function expecting(fields: Fields): RecordExpected {
  return { ...fields, termMin: fields.term }
}

const SAMPLE: Fields = { term: 3, index: 77, position: 4096, chain: 0xdeadbeef }

describe('a record', () => {
  test('reads back as it was written, wherever it stands', () => {
    fc.assert(
      fc.property(
        fieldsArbitrary,
        fc.uint8Array({ maxLength: 300 }),
        fc.nat({ max: 50 }),
        (fields, body, at) => {
          const record = recordOf(fields, body)
          const bytes = new Uint8Array(at + record.byteLength + 7)
          bytes.set(record, at)
          const check = checkRecord(bytes, at, expecting(fields))
          expect(check).toMatchObject({ type: 'ok', header: { ...fields, length: record.byteLength } })
        },
      ),
    )
  })

  test('is refused when any bit of it changes', () => {
    const record = recordOf(SAMPLE, Buffer.from('a body that matters'))
    for (let bit = 0; bit < record.byteLength * 8; bit++) {
      const changed = record.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(checkRecord(changed, 0, expecting(SAMPLE)).type, `bit ${bit}`).toBe('bad')
    }
  })

  test('is torn when its end is missing, and tells how much it needs', () => {
    const record = recordOf(SAMPLE, Buffer.from('body'))
    for (let left = 0; left < record.byteLength; left++) {
      const check = checkRecord(record.subarray(0, left), 0, expecting(SAMPLE))
      expect(check).toEqual({ type: 'torn', needed: left < RECORD_HEADER_BYTES ? RECORD_HEADER_BYTES : 68 })
    }
  })

  test.each([
    [{ index: 78 }, /index/],
    [{ position: 0 }, /position/],
    [{ chain: 1 }, /continue/],
    [{ termMin: 4 }, /term/],
  ] as const)('is refused where %o is expected', (change, reason) => {
    const record = recordOf(SAMPLE, new Uint8Array(0))
    const check = checkRecord(record, 0, { ...expecting(SAMPLE), ...change })
    expect(check).toMatchObject({ type: 'bad', reason: expect.stringMatching(reason) })
  })

  test('with an empty body is its header alone', () => {
    expect(recordOf(SAMPLE, new Uint8Array(0))).toHaveLength(64)
  })

  test('has the layout that the documents show', () => {
    const record = Buffer.from(recordOf(SAMPLE, Buffer.from('x')))
    expect(record.subarray(0, 4).toString()).toBe('DLR1')
    expect(record.readUInt32BE(4)).toBe(65)
    expect(record.readBigUInt64BE(8)).toBe(3n)
    expect(record.readBigUInt64BE(16)).toBe(77n)
    expect(record.readBigUInt64BE(24)).toBe(4096n)
    expect(record.readUInt32BE(36)).toBe(0xdeadbeef)
    expect(record.subarray(40, 60).every((byte) => byte === 0)).toBe(true)
  })
})

test('no bytes make the codec throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 250 }), (bytes, at) => {
      expect(['ok', 'torn', 'bad']).toContain(parseHeader(bytes, at).type)
      expect(['torn', 'bad']).toContain(checkRecord(bytes, at, expecting(SAMPLE)).type)
    }),
  )
})

test('numbers beyond 2^53 behind a right checksum are refused, not thrown', () => {
  fc.assert(
    fc.property(fc.constantFrom(8, 16, 24), fc.integer({ min: 0x20_0000, max: 0xffff_ffff }), (at, high) => {
      const record = Buffer.from(recordOf(SAMPLE, new Uint8Array(0)))
      record.writeUInt32BE(high, at)
      record.writeUInt32BE(crcOf(record), 60)
      expect(parseHeader(record).type).toBe('bad')
    }),
  )
})

/** The header CRC as a second, slow implementation gives it. */
function crcOf(record: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of record.subarray(0, 60)) {
    crc ^= byte
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0)
  }
  return (crc ^ 0xffff_ffff) >>> 0
}
