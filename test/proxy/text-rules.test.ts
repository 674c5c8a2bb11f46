import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { hasControl, hasPipe, isBlank, isReservedKey } from '../../src/proxy/text-rules.ts'

const texts = fc.string({ unit: fc.oneof(fc.constantFrom(' ', '\t', '|', '\u0085', '\u00a0'), fc.string()) })

function over(rule: (bytes: Uint8Array, start: number, end: number) => boolean, text: string): boolean {
  const bytes = utf8(`x${text}x`)
  return rule(bytes, 1, bytes.length - 1)
}

test('control characters are those of ISO', () => {
  fc.assert(
    fc.property(texts, (text) => {
      expect(over(hasControl, text)).toBe(/\p{Cc}/u.test(text))
    }),
  )
  expect(over(hasControl, '\u0080')).toBe(true)
  expect(over(hasControl, '\u00a0')).toBe(false)
})

test('blank is nothing but white space', () => {
  fc.assert(
    fc.property(texts, (text) => {
      expect(over(isBlank, text)).toBe(text.trim() === '')
    }),
  )
})

test('a pipe is found', () => {
  fc.assert(
    fc.property(texts, (text) => {
      expect(over(hasPipe, text)).toBe(text.includes('|'))
    }),
  )
})

test.each(['KEYS', 'TAGS', 'UNIQ_KEY', '1ST_POP_TIME', '__CRC32#', '__BORNHOST', '_SYS_MSG_PRIORITY_'])(
  '%s is reserved',
  (key) => expect(over(isReservedKey, key)).toBe(true),
)

test.each(['keys', 'KEYS2', '__SHARDINGKEY', 'TRACE_CONTEXT', ''])('%s is free', (key) => {
  expect(over(isReservedKey, key)).toBe(false)
})
