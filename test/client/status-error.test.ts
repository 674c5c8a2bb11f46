/** What a status of the public protocol means for our programs. */
import { expect, test } from 'vitest'
import { errorOfStatus } from '../../src/client/status-error.ts'
import { Code } from '../../src/rpc/apache-enums.ts'

test('OK is no error', () => {
  expect(errorOfStatus({ code: Code.OK, message: 'OK' })).toBeUndefined()
})

test.each([
  [Code.TOPIC_NOT_FOUND, 'TOPIC_NOT_FOUND', 'none'],
  [Code.ILLEGAL_MESSAGE_TAG, 'BAD_REQUEST', 'none'],
  [Code.TOO_MANY_REQUESTS, 'BUSY', 'none'],
  [Code.REQUEST_TIMEOUT, 'TIMEOUT', 'unknown'],
  [Code.INTERNAL_SERVER_ERROR, 'CLOSED', 'unknown'],
  [Code.HA_NOT_AVAILABLE, 'NO_LEADER', 'unknown'],
])('status %i is the error %s with the outcome %s', (code, expected, outcome) => {
  expect(errorOfStatus({ code, message: 'why' })).toMatchObject({ code: expected, outcome, message: 'why' })
})

test('a missing status and one without words are still told', () => {
  expect(errorOfStatus(null)?.message).toContain('code 0')
  expect(errorOfStatus({ code: 40_000, message: '' })?.message).toContain('code 40000')
})
