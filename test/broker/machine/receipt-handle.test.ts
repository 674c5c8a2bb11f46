import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Millis, QueueOffset } from '../../../src/base/brand.ts'
import { encodeReceiptHandle, parseReceiptHandle } from '../../../src/broker/machine/receipt-handle.ts'

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const receipts = fc.record({
  groupId: u32,
  queue: u32,
  offset: fc.maxSafeNat().map((n) => n as QueueOffset),
  attempt: u32,
  deadline: fc.maxSafeNat().map((n) => n as Millis),
})

test('a handle gives back its receipt', () => {
  fc.assert(
    fc.property(receipts, (receipt) => {
      const handle = encodeReceiptHandle(receipt)
      expect(handle).toMatch(/^[A-Za-z0-9_-]{48}$/)
      expect(parseReceiptHandle(handle)).toEqual(receipt)
      expect(Buffer.from(handle, 'base64url')).toHaveLength(36)
    }),
  )
})

test('a handle with any other character in any place is no handle', () => {
  fc.assert(
    fc.property(
      receipts,
      fc.nat({ max: 47 }),
      fc.string({ minLength: 1, maxLength: 1 }),
      (receipt, at, other) => {
        const handle = encodeReceiptHandle(receipt)
        fc.pre(handle[at] !== other)
        expect(parseReceiptHandle(handle.slice(0, at) + other + handle.slice(at + 1))).toBeUndefined()
      },
    ),
  )
})

test('texts that nobody made are no handles', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      expect(parseReceiptHandle(text)).toBeUndefined()
    }),
  )
  const apache = '0 1700000000000 60000 1 0 broker-a 3 42 123456'
  for (const text of ['', apache, 'A'.repeat(48), 'é'.repeat(48)])
    expect(parseReceiptHandle(text)).toBeUndefined()
})
