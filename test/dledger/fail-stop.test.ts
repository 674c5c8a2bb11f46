import { expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { FailStop } from '../../src/dledger/fail-stop.ts'

test('after the first failure every check throws, and the owner hears of it once', () => {
  const heard: unknown[] = []
  const failStop = new FailStop('the log', (error) => heard.push(error))
  failStop.check()
  const error = failStop.fail('a write', new Error('EIO'))
  expect(error).toMatchObject({ code: 'STORAGE_FAILED', outcome: 'unknown' })
  expect(error.message).toBe('the log stopped for good because a write failed: EIO')
  failStop.fail('a write', new Error('EIO again'))
  expect(heard).toEqual([error])
  expect(failStop.failed).toBe(true)
  expect(() => failStop.check()).toThrow(error.message)
})

test('a broken rule of ours passes through as it is', () => {
  const failStop = new FailStop('the log')
  const rule = new InvariantError('a rule')
  expect(failStop.fail('a write', rule)).toBe(rule)
})
