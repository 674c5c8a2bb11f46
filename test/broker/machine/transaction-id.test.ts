import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LogPosition } from '../../../src/base/brand.ts'
import { encodeTransactionId, parseTransactionId } from '../../../src/broker/machine/transaction-id.ts'

const ID = { topicId: 7, transaction: 123_456_789_012 as LogPosition }

describe('a transaction id', () => {
  test('is 24 characters that any node reads back', () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.maxSafeNat(), (topicId, transaction) => {
        const id = { topicId, transaction: transaction as LogPosition }
        const text = encodeTransactionId(id)
        expect(text).toMatch(/^[A-Za-z0-9_-]{24}$/)
        expect(parseTransactionId(text)).toEqual(id)
      }),
    )
  })

  test('with any character changed is none', () => {
    const text = encodeTransactionId(ID)
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'A' ? 'B' : 'A'
      expect(parseTransactionId(text.slice(0, at) + other + text.slice(at + 1))).toBeUndefined()
    }
  })

  test('is nothing else that clients may send', () => {
    const text = encodeTransactionId(ID)
    for (const other of [
      '',
      text.slice(1),
      `${text}A`,
      `${text.slice(0, 23)}=`,
      `${text.slice(0, 23)}é`,
      'x'.repeat(24),
    ]) {
      expect(parseTransactionId(other)).toBeUndefined()
    }
  })
})
