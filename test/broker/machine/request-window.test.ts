import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Millis } from '../../../src/base/brand.ts'
import { REQUEST_WINDOW_MS } from '../../../src/base/limits.ts'
import { COMMAND_KINDS } from '../../../src/broker/machine/command-encode.ts'
import { RequestWindow } from '../../../src/broker/machine/request-window.ts'
import { RowLedger } from '../../../src/broker/machine/rows.ts'
import { requestKey } from './support/messages.ts'

const NOW = 1_700_000_000_000 as Millis
const { ack: ACK, claim: CLAIM, changeInvisible: CHANGE } = COMMAND_KINDS

describe('an answer', () => {
  test('of an ack comes back, however many receipts it had', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.boolean(), { maxLength: 300 }), { maxLength: 20 }), (answers) => {
        const window = new RequestWindow(new RowLedger())
        for (const [i, valid] of answers.entries()) window.rememberAck(requestKey(i), valid, NOW)
        for (const [i, valid] of answers.entries()) {
          const slot = window.find(requestKey(i), ACK, NOW)
          expect(window.ackAnswer(slot)).toEqual(valid)
        }
        expect(window.faults()).toEqual([])
      }),
    )
  })

  test('of a change comes back with its deadline', () => {
    const window = new RequestWindow(new RowLedger())
    window.rememberChange(requestKey(1), true, (NOW + 5) as Millis, NOW)
    window.rememberChange(requestKey(2), false, 0 as Millis, NOW)
    const answer = (n: number) => window.changeAnswer(window.find(requestKey(n), CHANGE, NOW))
    expect(answer(1)).toEqual({ valid: true, deadline: NOW + 5 })
    expect(answer(2)).toEqual({ valid: false, deadline: 0 })
  })
})

describe('a request', () => {
  test('of another kind with the same key is another request', () => {
    const window = new RequestWindow(new RowLedger())
    window.rememberClaim(requestKey(1), NOW)
    expect(window.find(requestKey(1), CLAIM, NOW)).toBe(0)
    expect(window.find(requestKey(1), ACK, NOW)).toBe(-1)
    expect(window.find(requestKey(2), CLAIM, NOW)).toBe(-1)
  })

  test('is forgotten after its time', () => {
    const window = new RequestWindow(new RowLedger())
    window.rememberClaim(requestKey(1), NOW)
    const end = NOW + REQUEST_WINDOW_MS
    expect(window.find(requestKey(1), CLAIM, (end - 1) as Millis)).toBe(0)
    expect(window.find(requestKey(1), CLAIM, end as Millis)).toBe(-1)
  })

  test('is forgotten when too many came after it', () => {
    const window = new RequestWindow(new RowLedger(), 512)
    for (let i = 0; i < 5000; i++) {
      window.rememberAck(requestKey(i), [true, false], NOW)
      expect(window.find(requestKey(i), ACK, NOW)).toBeGreaterThanOrEqual(0)
    }
    expect(window.find(requestKey(4999 - 384), ACK, NOW)).toBeGreaterThanOrEqual(0)
    expect(window.find(requestKey(4999 - 512), ACK, NOW)).toBe(-1)
    expect(window.faults()).toEqual([])
  })
})
