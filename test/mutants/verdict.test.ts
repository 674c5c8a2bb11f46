import { expect, test } from 'vitest'
import { type Mutant, mutated } from './mutant.ts'
import { verdictOf } from './verdict.ts'

function reportOf(status: string, message = ''): string {
  const test = { fullName: 'a vote is given once', status, failureMessages: ['AssertionError: 2\n  at x'] }
  const testResults = [{ name: '/project/test/a.test.ts', message, assertionResults: [test] }]
  return JSON.stringify({ testResults })
}

test('a mutant is killed by the test that failed, with the promise that it names', () => {
  expect(verdictOf(reportOf('failed'), '/project')).toEqual({
    type: 'killed',
    test: 'test/a.test.ts > a vote is given once',
    promise: 'AssertionError: 2',
  })
})

test('nothing else kills: not tests that pass, nor a file that does not load, nor a run that does not end', () => {
  expect(verdictOf(reportOf('passed'), '/project').type).toBe('passed')
  expect(verdictOf(reportOf('skipped', 'SyntaxError'), '/project').type).toBe('broken')
  expect(verdictOf('', '/project').type).toBe('broken')
})

test('a bug stands in one place of its file, or it is a mistake', () => {
  const mutant = { bug: 'adds', file: 'x.ts', from: '-', to: '+$&', pitfall: null, simulated: null }
  expect(mutated('a - b', mutant satisfies Mutant)).toBe('a +$& b')
  expect(() => mutated('a - b - c', mutant)).toThrow('once')
  expect(() => mutated('a', mutant)).toThrow('once')
})
