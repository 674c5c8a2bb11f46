import { describe, expect, test } from 'vitest'
import { callerOf, dueMonoOf, headOf } from '../../src/proxy/caller.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import { codeOf } from './support/code-of.ts'
import { callContext } from './support/facade-world.ts'

describe('a caller', () => {
  test('is known by its client id, and the rest may be missing', () => {
    const headers = { 'x-mq-language': '', 'x-mq-client-version': '', 'user-agent': 'grpc-node-js/1.14.7' }
    const caller = callerOf(callContext(0, headers))
    const userAgent = 'grpc-node-js/1.14.7'
    expect(caller).toEqual({ clientId: 'host@1@0@abc', language: '', clientVersion: '', userAgent })
    const key = new Uint8Array(16)
    expect(headOf(caller, 'heartbeat', key)).toEqual({
      ...caller,
      method: 'heartbeat',
      requestKey: key,
      remainingMs: 0,
    })
  })

  test('without a client id is refused', () => {
    expect(codeOf(() => callerOf(callContext(0, { 'x-mq-client-id': '' })))).toBe(Code.CLIENT_ID_REQUIRED)
  })

  test('with an endless client id is refused, and other long headers are cut', () => {
    const long = 'x'.repeat(513)
    expect(codeOf(() => callerOf(callContext(0, { 'x-mq-client-id': long })))).toBe(
      Code.REQUEST_HEADER_FIELDS_TOO_LARGE,
    )
    expect(callerOf(callContext(0, { 'x-mq-language': long })).language.length).toBe(256)
  })
})

describe('the answer is due', () => {
  test.each([
    ['half a second before the usual deadline', 3000, 2500],
    ['less before a near one', 800, 400],
    ['but 300 ms at least', 500, 200],
    ['at once when there is no time', 200, 0],
    ['after 10 s without a deadline', Number.POSITIVE_INFINITY, 10_000],
    ['after a minute at the latest', 3600_000, 60_000],
  ])('%s', (_, leftMs, dueMs) => {
    expect(dueMonoOf(1000 + leftMs, 1000)).toBe(1000 + dueMs)
  })
})
