/** Errors that callers act on. */
import { expect, test } from 'vitest'
import { BrokerError, messageOf } from '../../src/base/errors.ts'

test('an error says nothing happened unless it is told otherwise', () => {
  expect(new BrokerError('BUSY', 'later').outcome).toBe('none')
  expect(new BrokerError('TIMEOUT', 'no answer', { outcome: 'unknown' }).outcome).toBe('unknown')
})

test('the cause is kept, and absent without one', () => {
  const cause = new Error('EIO')
  expect(new BrokerError('STORAGE_FAILED', 'stopped', { cause }).cause).toBe(cause)
  expect('cause' in new BrokerError('BUSY', 'later')).toBe(false)
})

test('anything thrown has a text', () => {
  expect([messageOf(new Error('a')), messageOf('b'), messageOf(undefined)]).toEqual(['a', 'b', 'undefined'])
})
