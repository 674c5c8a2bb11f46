/** base64url without padding, for ids whose length is a multiple of three bytes: each value has exactly one text. */
import { assert } from '../../base/assert.ts'
import { viewOf } from '../../base/bytes.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** For each character code its six bits, 64 for a character outside the alphabet. */
const SIX_BITS = new Uint8Array(128).fill(64)
for (let i = 0; i < 64; i++) SIX_BITS[ALPHABET.charCodeAt(i)] = i

/** The text of bytes whose length is a multiple of three. */
export function encodeBase64Url(bytes: Uint8Array): string {
  assert(bytes.byteLength % 3 === 0, 'a text has no spare bits')
  const view = viewOf(bytes)
  let text = ''
  for (let at = 0; at < bytes.byteLength; at += 3) {
    const bits = (view.getUint16(at) << 8) | view.getUint8(at + 2)
    text += character(bits >> 18) + character(bits >> 12) + character(bits >> 6) + character(bits)
  }
  return text
}

function character(bits: number): string {
  return ALPHABET.charAt(bits & 63)
}

/** The bytes of a text, if it is one of exactly `length` bytes. */
export function decodeBase64Url(text: string, length: number): Uint8Array | undefined {
  if (text.length * 3 !== length * 4) return undefined
  const bytes = new Uint8Array(length)
  let out = 0
  for (let at = 0; at < text.length; at += 4) {
    let bits = 0
    for (let i = 0; i < 4; i++) {
      const six = SIX_BITS[text.charCodeAt(at + i)] ?? 64
      if (six === 64) return undefined
      bits = (bits << 6) | six
    }
    bytes[out++] = bits >> 16
    bytes[out++] = (bits >> 8) & 0xff
    bytes[out++] = bits & 0xff
  }
  return bytes
}
