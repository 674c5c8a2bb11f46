import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { logIndex, term } from '../../../src/base/brand.ts'
import { APPEND_ENTRIES_MAX } from '../../../src/base/limits.ts'
import { decodeRaft, encodeAppend, encodeMessage } from '../../../src/dledger/peers/message-codec.ts'
import type { AppendOut, PlainMessage } from '../../../src/raft/types.ts'

const whole = fc.oneof(fc.nat(), fc.maxSafeNat())
const aTerm = whole.map(term)
const anIndex = whole.map(logIndex)

const small: fc.Arbitrary<PlainMessage> = fc.oneof(
  fc.record({
    type: fc.constant('preVote' as const),
    term: aTerm,
    lastIndex: anIndex,
    lastTerm: aTerm,
  }),
  fc.record({
    type: fc.constant('vote' as const),
    term: aTerm,
    lastIndex: anIndex,
    lastTerm: aTerm,
    transfer: fc.boolean(),
  }),
  fc.record({ type: fc.constant('timeoutNow' as const), term: aTerm }),
  fc.record({
    type: fc.constantFrom('preVoteReply' as const, 'voteReply' as const),
    term: aTerm,
    granted: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('appendReply' as const),
    term: aTerm,
    round: whole,
    result: fc.constantFrom('matched' as const, 'rejected' as const),
    index: anIndex,
    hintIndex: anIndex,
    hintTerm: aTerm,
  }),
)

const append: fc.Arbitrary<AppendOut> = fc.record({
  type: fc.constant('append' as const),
  term: aTerm,
  prevIndex: anIndex,
  prevTerm: aTerm,
  commitIndex: anIndex,
  round: whole,
  first: fc.constant(logIndex(1)),
  last: fc.constant(logIndex(0)),
})

describe('the codec of Raft messages', () => {
  test('every message other than an append comes back as it was', () => {
    fc.assert(
      fc.property(small, (message) => {
        expect(decodeRaft(encodeMessage(message))).toEqual({ type: 'message', message })
      }),
    )
  })

  test('an append comes back with its head and the very bytes of its records', () => {
    const records = fc.uint8Array({ minLength: 1, maxLength: 100 })
    fc.assert(
      fc.property(append, fc.integer({ min: 1, max: APPEND_ENTRIES_MAX }), records, (message, count, raw) => {
        const bytes = new Uint8Array(Buffer.concat([encodeAppend(message, count), raw]))
        const decoded = decodeRaft(bytes)
        const { first: _first, last: _last, ...head } = message
        expect(decoded).toEqual({ type: 'message', message: { ...head, count, records: raw } })
        if (decoded.type !== 'message' || decoded.message.type !== 'append') throw new Error('no append')
        expect(decoded.message.records.buffer).toBe(bytes.buffer)
      }),
    )
  })

  test('a yes in doubt comes back as one', () => {
    for (const type of ['preVoteReply', 'voteReply'] as const) {
      const message = { type, term: term(3), granted: true, inDoubt: true }
      expect(decodeRaft(encodeMessage(message))).toEqual({ type: 'message', message })
    }
  })

  test('a heartbeat is an append without records', () => {
    fc.assert(
      fc.property(append, (message) => {
        const decoded = decodeRaft(encodeAppend(message, 0))
        expect(decoded).toMatchObject({ message: { type: 'append', count: 0, records: new Uint8Array(0) } })
      }),
    )
  })

  test('an append that says no records and has some, or the other way round, is refused', () => {
    fc.assert(
      fc.property(append, (message) => {
        const none = new Uint8Array(Buffer.concat([encodeAppend(message, 0), new Uint8Array(1)]))
        expect(decodeRaft(none).type).toBe('refused')
        expect(decodeRaft(encodeAppend(message, 3)).type).toBe('refused')
      }),
    )
  })

  test('a message that is one byte too long or too short is refused', () => {
    fc.assert(
      fc.property(small, (message) => {
        const bytes = encodeMessage(message)
        expect(decodeRaft(bytes.subarray(0, -1)).type).toBe('refused')
        expect(decodeRaft(new Uint8Array([...bytes, 0])).type).toBe('refused')
      }),
    )
  })

  test('random bytes, and random bytes behind a known kind, never throw', () => {
    const random = fc.tuple(fc.nat(8), fc.uint8Array({ maxLength: 80 }))
    fc.assert(
      fc.property(random, ([kind, rest]) => {
        for (const bytes of [rest, new Uint8Array([kind, ...rest])]) {
          expect(['message', 'refused']).toContain(decodeRaft(bytes).type)
        }
      }),
      { numRuns: 5000 },
    )
  })

  test('numbers beyond 2^53, too many records and odd flags are refused', () => {
    const vote = encodeMessage({
      type: 'preVote',
      term: term(1),
      lastIndex: logIndex(1),
      lastTerm: term(1),
    })
    vote[1] = 0xff
    expect(decodeRaft(vote)).toMatchObject({ type: 'refused' })
    const yes = encodeMessage({ type: 'voteReply', term: term(1), granted: true })
    yes[9] = 3
    expect(decodeRaft(yes)).toMatchObject({ type: 'refused' })
    expect(decodeRaft(new Uint8Array())).toMatchObject({ type: 'refused' })
  })
})
