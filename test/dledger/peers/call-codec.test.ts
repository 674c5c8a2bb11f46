import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BrokerError } from '../../../src/base/errors.ts'
import {
  callHead,
  errorBody,
  numberHead,
  readCall,
  readCancel,
  readError,
  readReply,
} from '../../../src/dledger/peers/call-codec.ts'
import { FrameError } from '../../../src/dledger/peers/frame-codec.ts'

const number = fc.integer({ min: 0, max: 0xffff_ffff })

describe('the bodies of calls', () => {
  test('a call comes back with number, kind and request', () => {
    fc.assert(
      fc.property(number, fc.nat(0xffff), fc.uint8Array(), (n, kind, request) => {
        const body = new Uint8Array([...callHead(n, kind), ...request])
        expect(readCall(body)).toEqual({ number: n, kind, request })
      }),
    )
  })

  test('an answer and a cancel come back with their number', () => {
    fc.assert(
      fc.property(number, fc.uint8Array(), (n, reply) => {
        expect(readReply(new Uint8Array([...numberHead(n), ...reply]))).toEqual({ number: n, reply })
        expect(readCancel(numberHead(n))).toBe(n)
      }),
    )
  })

  test('an error comes back with code, outcome and message', () => {
    const error = new BrokerError('DISK_FULL', 'no room: Überlauf', { outcome: 'unknown' })
    const read = readError(errorBody(7, error))
    expect(read.number).toBe(7)
    expect(read.error).toMatchObject({ code: 'DISK_FULL', outcome: 'unknown', message: 'no room: Überlauf' })
  })

  test('a code that only a newer version knows keeps its outcome and its name', () => {
    const body = new Uint8Array([0, 0, 0, 1, 1, 0, 3, 78, 69, 87, 0, 2, 104, 105])
    expect(readError(body).error).toMatchObject({
      code: 'NOT_IMPLEMENTED',
      outcome: 'unknown',
      message: 'NEW: hi',
    })
    const proto = new Uint8Array([...body.subarray(0, 5), 0, 9, ...Buffer.from('toString!'), 0, 0])
    expect(readError(proto).error.code).toBe('NOT_IMPLEMENTED')
  })

  test('a very long message is cut', () => {
    const error = new BrokerError('BUSY', 'x'.repeat(100_000))
    expect(readError(errorBody(1, error)).error.message).toHaveLength(1000)
  })

  test('random bytes give a value or a FrameError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        for (const read of [readCall, readReply, readCancel, readError]) {
          try {
            read(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(FrameError)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})
