import { describe, expect, test } from 'vitest'
import { BytesError } from '../../src/base/bytes.ts'
import { InvariantError } from '../../src/base/assert.ts'
import { BrokerError, type ErrorCode } from '../../src/base/errors.ts'
import { Refusal } from '../../src/proxy/refusal.ts'
import { commonStatus, isPassing, OK, statusOf } from '../../src/proxy/status.ts'
import { Code } from '../../src/rpc/apache-enums.ts'

describe('a client is told', () => {
  test.each<readonly [code: ErrorCode, told: number]>([
    ['BUSY', Code.TOO_MANY_REQUESTS],
    ['NO_LEADER', Code.INTERNAL_SERVER_ERROR],
    ['TOPIC_NOT_FOUND', Code.TOPIC_NOT_FOUND],
    ['GROUP_NOT_FOUND', Code.CONSUMER_GROUP_NOT_FOUND],
    ['INVALID_RECEIPT_HANDLE', Code.INVALID_RECEIPT_HANDLE],
    ['DISK_FULL', Code.INTERNAL_SERVER_ERROR],
    ['BAD_REQUEST', Code.BAD_REQUEST],
    ['FORBIDDEN', Code.FORBIDDEN],
  ])('%s as %i', (code, told) => {
    expect(statusOf(new BrokerError(code, 'why'))).toEqual({ code: told, message: 'why' })
  })

  test('an unknown outcome as PROXY_TIMEOUT, whatever the code', () => {
    for (const code of ['TIMEOUT', 'NOT_LEADER', 'CLOSED', 'STORAGE_FAILED'] as const) {
      const status = statusOf(new BrokerError(code, 'late', { outcome: 'unknown' }))
      expect(status).toEqual({ code: Code.PROXY_TIMEOUT, message: 'outcome unknown: late' })
    }
  })

  test('a refusal and unreadable bytes', () => {
    expect(statusOf(new Refusal(Code.ILLEGAL_TOPIC, 'no'))).toEqual({
      code: Code.ILLEGAL_TOPIC,
      message: 'no',
    })
    expect(statusOf(new BytesError('short')).code).toBe(Code.BAD_REQUEST)
  })

  test('nothing of our own mistakes', () => {
    expect(() => statusOf(new InvariantError('a rule'))).toThrow(InvariantError)
  })
})

test('what tells of the way to the leader may be tried again', () => {
  expect(isPassing(new BrokerError('NOT_LEADER', ''))).toBe(true)
  expect(isPassing(new BrokerError('CLOSED', ''))).toBe(true)
  expect(isPassing(new BrokerError('STORAGE_FAILED', '', { outcome: 'unknown' }))).toBe(true)
  expect(isPassing(new BrokerError('BUSY', ''))).toBe(false)
  expect(isPassing(new BrokerError('TOPIC_NOT_FOUND', ''))).toBe(false)
  expect(isPassing(new Refusal(40000, ''))).toBe(false)
})

test('entries that differ give MULTIPLE_RESULTS, and no entries an error', () => {
  const bad = { code: Code.INVALID_RECEIPT_HANDLE, message: 'old' }
  expect(commonStatus([OK, OK])).toEqual(OK)
  expect(commonStatus([bad, bad])).toEqual(bad)
  expect(commonStatus([OK, bad]).code).toBe(Code.MULTIPLE_RESULTS)
  expect(commonStatus([]).code).toBe(Code.INTERNAL_SERVER_ERROR)
})
