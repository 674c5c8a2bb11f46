import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Fields, headerBlock, NO_TABLE } from '../../src/http2/hpack-encoder.ts'
import { HpackDecoder } from '../../src/http2/hpack-decoder.ts'
import { integer } from './support/reference-encoder.ts'

test.each([
  ['a field of the table is one number', [[':status', '200']], '88'],
  ['a name of the table is a number', [[':status', '405']], '0803343035'],
  ['a name by itself is a text', [['grpc-status', '0']], '000b677270632d7374617475730130'],
  ['no fields are no bytes', [], ''],
] satisfies [string, Fields, string][])('%s', (_name, fields, hex) => {
  expect(headerBlock(fields).toString('hex')).toBe(hex)
})

test('a block decodes to its fields and leaves no trace in any table', () => {
  const text = fc.string({ maxLength: 300 }).map((value) => Buffer.from(value).toString('latin1'))
  const names = fc.oneof(fc.constantFrom(':status', 'content-type', 'x'), text)
  const lists = fc.uniqueArray(fc.tuple(names, text), { selector: ([name]) => name })
  fc.assert(
    fc.property(lists, (fields) => {
      const decoder = new HpackDecoder(1 << 20)
      const list = decoder.decode(headerBlock(fields))
      for (const [name, value] of fields) expect(list.get(name)).toBe(value)
      expect(() => decoder.decode(Buffer.of(0x80 | 62))).toThrow()
    }),
  )
})

test('lengths of any size are written as the RFC says', () => {
  for (const length of [0, 1, 126, 127, 128, 254, 255, 16_384, 1_000_000]) {
    const head = Buffer.concat([Buffer.of(0, 1, 0x78), integer(0, 7, length)])
    expect(headerBlock([['x', 'v'.repeat(length)]]).subarray(0, head.byteLength)).toEqual(head)
  }
})

test('no table is a table of size 0', () => {
  expect(Buffer.from(NO_TABLE)).toEqual(integer(0x20, 5, 0))
})
