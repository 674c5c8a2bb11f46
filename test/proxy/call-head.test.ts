import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BytesError } from '../../src/base/bytes.ts'
import {
  decodeCallHead,
  encodeCallHead,
  LEADER_METHODS,
  type LeaderMethod,
} from '../../src/proxy/call-head.ts'
import { headFor } from './support/facade-world.ts'

test('every head is read back', () => {
  const methods = Object.keys(LEADER_METHODS) as LeaderMethod[]
  const heads = fc.record({
    method: fc.constantFrom(...methods),
    requestKey: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    remainingMs: fc.nat(0xffff_ffff),
    clientId: fc.string({ unit: 'grapheme' }),
    language: fc.string(),
    clientVersion: fc.string(),
    userAgent: fc.string(),
  })
  fc.assert(
    fc.property(heads, (head) => {
      expect(decodeCallHead(encodeCallHead(head))).toEqual(head)
    }),
  )
})

test('a time that does not fit is cut to what fits', () => {
  const read = (remainingMs: number): number =>
    decodeCallHead(encodeCallHead(headFor('sendMessage', { remainingMs }))).remainingMs
  expect([read(-5), read(1.9), read(Number.POSITIVE_INFINITY)]).toEqual([0, 1, 0xffff_ffff])
})

test('other bytes are refused', () => {
  const good = encodeCallHead(headFor('sendMessage'))
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = good.slice()
    bytes[at] = value
    return bytes
  }
  for (const bytes of [changed(0, 2), changed(1, 99), good.subarray(0, 20), Buffer.concat([good, good])]) {
    expect(() => decodeCallHead(bytes)).toThrow(BytesError)
  }
})

test('the request key is a copy, so that the frame around it may go', () => {
  const bytes = encodeCallHead(headFor('sendMessage')).slice()
  const { requestKey } = decodeCallHead(bytes)
  bytes.fill(0)
  expect(requestKey).toEqual(new Uint8Array(16).fill(5))
})
