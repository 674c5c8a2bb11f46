/** Assertions end our trust in ourselves. */
import { expect, test } from 'vitest'
import { assert, broken, InvariantError, unreachable } from '../../src/base/assert.ts'

test('a rule that holds passes, one that does not throws with its facts', () => {
  assert(true, 'fine')
  expect(() => assert(false, 'applied moves forward', { last: 3 })).toThrow(
    'applied moves forward {"last":3}',
  )
  expect(() => broken('a rule')).toThrow(InvariantError)
})

test('an impossible case throws', () => {
  expect(() => unreachable('left over' as never)).toThrow(InvariantError)
})
