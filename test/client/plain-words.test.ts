/** Failures of calls in words. */
import { expect, test } from 'vitest'
import { BrokerError, type ErrorCode } from '../../src/base/errors.ts'
import { plainWords } from '../../src/client/plain-words.ts'

test.each<[ErrorCode, string, string]>([
  ['TIMEOUT', 'Deadline exceeded after 1.5s', 'no answer within 1.5 s'],
  [
    'CLOSED',
    'a:1: Last error: Error: connect ECONNREFUSED a:1.',
    'connection refused, nothing listens there',
  ],
  ['CLOSED', 'a:1: Name resolution failed for target dns:a:1', 'the host name is unknown'],
  ['CLOSED', 'a:1: read ECONNRESET', 'the connection was reset'],
  ['BUSY', 'too many requests wait', 'too many requests wait'],
])('%s: %s', (code, message, words) => {
  expect(plainWords(new BrokerError(code, message), 1_500)).toBe(words)
})
