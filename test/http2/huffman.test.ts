import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { huffmanText } from '../../src/http2/huffman.ts'
import { bytesOf, CODES, EOS, huffmanEncoded } from './support/huffman-code.ts'

const everyOctet = Array.from({ length: 256 }, (_, octet) => octet)
/** The code of `a`. */
const a = CODES[97] as string

function decoded(bytes: Uint8Array): string | undefined {
  return huffmanText(bytes, 0, bytes.byteLength)
}

test.each([
  ['f1e3c2e5f23a6ba0ab90f4ff', 'www.example.com'],
  ['a8eb10649cbf', 'no-cache'],
  ['d07abe941054d444a8200595040b8166e082a62d1bff', 'Mon, 21 Oct 2013 20:13:21 GMT'],
  ['', ''],
])('%s is %s (RFC 7541 appendix C)', (hex, text) => {
  expect(decoded(Buffer.from(hex, 'hex'))).toBe(text)
})

test('each octet is decoded, alone and behind and before each other one', () => {
  for (const one of everyOctet) {
    expect(decoded(huffmanEncoded(Buffer.of(one)))).toBe(String.fromCharCode(one))
    const pairs = everyOctet.flatMap((other) => [one, other])
    expect(decoded(huffmanEncoded(Buffer.from(pairs)))).toBe(String.fromCharCode(...pairs))
  }
})

test('any octets are decoded, wherever they lie', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(9), fc.nat(9), (octets, before, behind) => {
      const code = huffmanEncoded(octets)
      const bytes = Buffer.concat([Buffer.alloc(before, 0xff), code, Buffer.alloc(behind, 0xff)])
      const text = huffmanText(bytes, before, before + code.byteLength)
      expect(text).toBe(Buffer.from(octets).toString('latin1'))
    }),
  )
})

describe('what is refused', () => {
  test('the end of a string, anywhere', () => {
    expect(decoded(bytesOf(EOS))).toBeUndefined()
    expect(decoded(bytesOf(a + EOS))).toBeUndefined()
    expect(decoded(bytesOf(EOS + a))).toBeUndefined()
  })

  test('padding of eight bits and more', () => {
    expect(decoded(Buffer.of(0xff))).toBeUndefined()
    expect(decoded(Buffer.concat([bytesOf(a), Buffer.of(0xff)]))).toBeUndefined()
    const eights = CODES.filter((code) => code.length === 8)
    for (const code of eights)
      expect(decoded(Buffer.concat([bytesOf(code), Buffer.of(0xff)]))).toBeUndefined()
  })

  test('padding with a zero in it', () => {
    for (const code of CODES.slice(0, 256)) {
      const room = (8 - (code.length % 8)) % 8
      for (let zero = 0; zero < room; zero++) {
        const padding = `${'1'.repeat(zero)}0`.padEnd(room, '1')
        // Such bits may also be the code of one more octet.
        const isCode = CODES.some((other) => padding.startsWith(other))
        if (!isCode) expect(decoded(bytesOf(code + padding))).toBeUndefined()
      }
    }
  })

  test('a code that is cut', () => {
    for (const code of CODES.filter((one) => one.length > 8)) {
      const cut = code.slice(0, 8 * Math.floor((code.length - 1) / 8))
      expect(decoded(bytesOf(cut))).toBeUndefined()
    }
  })
})

test('of all bytes, only those that it would encode again are taken', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const text = decoded(bytes)
      if (text === undefined) return
      expect(huffmanEncoded(Buffer.from(text, 'latin1')).equals(bytes)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})
