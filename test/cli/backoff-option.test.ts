import { InvalidArgumentError } from 'commander'
import { expect, test } from 'vitest'
import { NO_BACKOFF, parseBackoff } from '../../src/cli/backoff-option.ts'

test('a back-off is a list of delays or grows from one to another', () => {
  expect(parseBackoff('1s, 500ms,2m')).toEqual({ ...NO_BACKOFF, backoffDelaysMs: [1000, 500, 120_000] })
  expect(parseBackoff('1s..1h x1.5')).toEqual({
    backoffDelaysMs: [],
    backoffInitialMs: 1000,
    backoffMaxMs: 3_600_000,
    backoffMultiplier: 1.5,
  })
})

test.each(['', '1', '0s', '1s,', '1s..x2', 'x'])('%j is no back-off, and what to write is said', (text) => {
  expect(() => parseBackoff(text)).toThrow(InvalidArgumentError)
})
