import { expect, test } from 'vitest'
import type { LogIndex, Millis } from '../../src/base/brand.ts'
import { BytesError, utf8 } from '../../src/base/bytes.ts'
import {
  decodeLedgerAnswer,
  decodeLedgerCall,
  encodeLedgerAnswer,
  encodeLedgerCall,
  type LedgerRequest,
} from '../../src/ledger/leader-calls.ts'
import { encodeAppendBody } from '../../src/ledger/machine/append-codec.ts'

function travelled(request: LedgerRequest): LedgerRequest {
  const head = { method: request.type, remainingMs: 5, term: 2 ** 40 }
  const call = decodeLedgerCall(Buffer.concat(encodeLedgerCall(head, request)))
  expect(call.term).toBe(head.term)
  return call.request
}

test('an append reaches the leader as it was made', () => {
  const terms = { expectedLast: 7, key: { hash: new Uint8Array(16).fill(3), crc: 9 } }
  const body = encodeAppendBody(terms, [0, 3, 3, 2], [utf8('abc'), utf8('de')], 5)
  const request = travelled({ type: 'append', byteLength: body.size, ledger: 'events', body })
  if (request.type !== 'append') throw new Error(request.type)
  expect(request.ledger).toBe('events')
  expect(request.body.size).toBe(body.size)
  expect(Buffer.concat(request.body.chunks)).toEqual(Buffer.concat(body.chunks))
})

test('commands and confirmations reach the leader as they were made', () => {
  const retention = { entriesMax: 1, bytesMax: 2, ageMsMax: 3, dropOldest: true }
  for (const command of [
    { type: 'createLedger', name: 'l', retention },
    { type: 'deleteLedger', name: 'l' },
    { type: 'trimLedger', name: 'l', firstIndex: 2 ** 40 },
  ] as const) {
    expect(travelled({ type: 'command', byteLength: 0, command })).toMatchObject({ command })
  }
  expect(travelled({ type: 'confirm', byteLength: 0 })).toEqual({ type: 'confirm', byteLength: 0 })
})

test('an answer comes back as it was given', () => {
  const answer = {
    index: (2 ** 40) as LogIndex,
    value: 2 ** 41,
    count: 12,
    stampMs: 1_700_000_000_000 as Millis,
    repeated: true,
  }
  expect(decodeLedgerAnswer(encodeLedgerAnswer(answer))).toEqual(answer)
})

test('bytes that are no call are refused', () => {
  for (const bytes of [
    [],
    [2, 1, 0, 0, 0, 0],
    [1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [1, 1, 0, 0, 0, 0, 0, 1, 65],
  ]) {
    expect(() => decodeLedgerCall(Uint8Array.from(bytes))).toThrow(BytesError)
  }
})
