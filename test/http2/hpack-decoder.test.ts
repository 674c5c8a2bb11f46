import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Fields, headerBlock } from '../../src/http2/hpack-encoder.ts'
import { HpackDecoder } from '../../src/http2/hpack-decoder.ts'
import { ConnectionError, Http2Code } from '../../src/http2/protocol.ts'
import { ReferenceEncoder } from './support/reference-encoder.ts'

const LIST_BYTES_MAX = 1 << 20

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex')
}

/** Decodes one block and gives the values of some names, joined. */
function fieldsIn(decoder: HpackDecoder, block: Buffer, names: readonly string[]): string[] {
  const list = decoder.decode(block)
  return names.map((name) => `${name}: ${list.get(name)}`)
}

function refused(block: Buffer): unknown {
  try {
    new HpackDecoder(LIST_BYTES_MAX).decode(block)
  } catch (error) {
    return error instanceof ConnectionError ? error.code : error
  }
  return undefined
}

const pseudo = [':method', ':scheme', ':path', ':authority']

describe('the examples of RFC 7541 appendix C', () => {
  test.each([
    [
      'C.2.1',
      '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
      'custom-key: custom-header',
    ],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', ':path: /sample/path'],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', 'password: secret'],
    ['C.2.4', '82', ':method: GET'],
  ])('%s, one field', (_name, block, expected) => {
    const name = expected.slice(0, expected.lastIndexOf(': '))
    expect(fieldsIn(new HpackDecoder(LIST_BYTES_MAX), hex(block), [name])).toEqual([expected])
  })

  const first = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com']
  const third = [':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com']
  test.each([
    [
      'C.3, requests without Huffman',
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
    ],
    [
      'C.4, requests with Huffman',
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
    ],
  ])('%s', (_name, blocks) => {
    const decoder = new HpackDecoder(LIST_BYTES_MAX)
    const [one, two, three] = blocks.map(hex)
    expect(fieldsIn(decoder, one as Buffer, pseudo)).toEqual(first)
    expect(fieldsIn(decoder, two as Buffer, [...pseudo, 'cache-control'])).toEqual([
      ...first,
      'cache-control: no-cache',
    ])
    expect(fieldsIn(decoder, three as Buffer, [...pseudo, 'custom-key'])).toEqual([
      ...third,
      'custom-key: custom-value',
    ])
  })

  const names = [':status', 'cache-control', 'date', 'location', 'content-encoding', 'set-cookie']
  const at21 = 'date: Mon, 21 Oct 2013 20:13:21 GMT'
  const at22 = 'date: Mon, 21 Oct 2013 20:13:22 GMT'
  const common = ['cache-control: private', at21, 'location: https://www.example.com']
  test.each([
    [
      'C.5, responses without Huffman',
      [
        '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '4803 3330 37c1 c0bf',
        '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
      ],
    ],
    [
      'C.6, responses with Huffman',
      [
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
        '4883 640e ffc1 c0bf',
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      ],
    ],
  ])('%s, with fields that a small table drops', (_name, blocks) => {
    const decoder = new HpackDecoder(LIST_BYTES_MAX)
    // A size update to 256, as the examples assume.
    decoder.decode(hex('3fe101'))
    const [one, two, three] = blocks.map(hex)
    expect(fieldsIn(decoder, one as Buffer, names.slice(0, 4))).toEqual([':status: 302', ...common])
    expect(fieldsIn(decoder, two as Buffer, names.slice(0, 4))).toEqual([':status: 307', ...common])
    expect(fieldsIn(decoder, three as Buffer, names)).toEqual([
      ':status: 200',
      'cache-control: private',
      at22,
      'location: https://www.example.com',
      'content-encoding: gzip',
      'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    ])
    // 215 bytes are in the table now: set-cookie, content-encoding and date, and no fourth.
    expect(decoder.decode(hex('be bf c0')).get('date')).toBe(at22.slice(6))
    expect(() => decoder.decode(hex('c1'))).toThrow(ConnectionError)
  })
})

describe('the table', () => {
  test('a field larger than the table empties it', () => {
    const decoder = new HpackDecoder(LIST_BYTES_MAX)
    decoder.decode(Buffer.from('\x40\x01a\x01b', 'latin1'))
    expect(decoder.decode(hex('be')).get('a')).toBe('b')
    const large = headerBlock([['x', 'v'.repeat(4064)]])
    const kept = Buffer.from(large)
    kept[0] = 0x40
    expect(decoder.decode(kept).get('x')?.length).toBe(4064)
    expect(() => decoder.decode(hex('be'))).toThrow(ConnectionError)
  })

  test('a field of exactly the table fits', () => {
    const decoder = new HpackDecoder(LIST_BYTES_MAX)
    const kept = Buffer.from(headerBlock([['x', 'v'.repeat(4063)]]))
    kept[0] = 0x40
    decoder.decode(kept)
    expect(decoder.decode(hex('be')).get('x')?.length).toBe(4063)
  })

  test('size 0 drops everything, and a larger one does not bring it back', () => {
    const decoder = new HpackDecoder(LIST_BYTES_MAX)
    decoder.decode(Buffer.from('\x40\x01a\x01b', 'latin1'))
    decoder.decode(hex('20 3fe11f'))
    expect(() => decoder.decode(hex('be'))).toThrow(ConnectionError)
  })
})

test.each([
  ['field 0', '80'],
  ['a field that no table has', 'be'],
  ['a name that no table has', '7e 01 61'],
  ['an index that is cut', 'ff'],
  ['an index without an end', 'ff ff ff ff ff ff ff ff'],
  ['an index beyond all tables', 'ff 80 80 80 80 01'],
  ['a length that is cut', '00 7f'],
  ['a name that is cut', '00 03 61'],
  ['no value', '00 01 61'],
  ['a value that is cut', '00 01 61 02 62'],
  ['a value that is no Huffman code', '00 01 61 81 00'],
  ['a table larger than allowed', '3fe2 1f'],
  ['a table that changes inside a block', '82 20'],
])('%s is refused', (_name, block) => {
  expect(refused(hex(block))).toBe(Http2Code.compressionError)
})

test('random bytes are decoded or refused, and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect([undefined, Http2Code.compressionError]).toContain(refused(Buffer.from(bytes)))
    }),
    { numRuns: 1000 },
  )
})

test('a list beyond the limit ends there and is marked, and its fields are kept in the table', () => {
  const decoder = new HpackDecoder(100)
  const list = decoder.decode(Buffer.from('\x40\x01a\x01b\x40\x01c\x01d\x40\x01e\x01f', 'latin1'))
  expect([list.tooLarge, list.get('a'), list.get('c'), list.get('e')]).toEqual([true, 'b', 'd', undefined])
  expect(decoder.decode(hex('be')).get('e')).toBe('f')
})

test('what a reference encodes, block after block, is decoded', () => {
  const text = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) })
  const names = fc.oneof(fc.constantFrom('a', ':path', ':method', 'te', 'x-trace-id', 'user-agent'), text)
  const values = fc.oneof(fc.constantFrom('', '/', 'GET', 'trailers', 'v'.repeat(3000)), text)
  const lists = fc.array(fc.array(fc.tuple(names, values), { maxLength: 10 }), { maxLength: 10 })
  fc.assert(
    fc.property(lists, fc.infiniteStream(fc.nat(255)), (blocks: readonly Fields[], dice) => {
      const encoder = new ReferenceEncoder(() => dice.next().value as number)
      const decoder = new HpackDecoder(LIST_BYTES_MAX)
      for (const fields of blocks) {
        const list = decoder.decode(encoder.encode(fields))
        for (const [name] of fields) {
          expect(list.get(name)).toBe(fields.find(([other]) => other === name)?.[1])
        }
      }
    }),
  )
})
