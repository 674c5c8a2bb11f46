import { expect, test } from 'vitest'
import { checkDigests } from '../../jepsen-like/checkers/digests.ts'

const member = (id: number, ...digests: readonly (readonly [number, string])[]) => ({
  id,
  digests: digests.map(([index, digest]) => ({ index, digest })),
})

test('members with equal digests at a common index agree', () => {
  const members = [member(1, [10, 'a'], [20, 'b']), member(2, [20, 'b']), member(3, [20, 'b'], [30, 'c'])]
  expect(checkDigests(members)).toMatchObject({ verdict: true })
})

test('two digests at one index are a divergence, also when others agree at a later one', () => {
  const members = [member(1, [10, 'a'], [20, 'b']), member(2, [10, 'x'], [20, 'b']), member(3, [20, 'b'])]
  expect(checkDigests(members)).toMatchObject({
    verdict: false,
    stories: ['the states differ at entry 10: member 1 has a, member 2 has x'],
  })
})

test('without an index that all members have nothing can be said', () => {
  expect(checkDigests([member(1, [10, 'a']), member(2, [10, 'a']), member(3)]).verdict).toBe('unknown')
  expect(checkDigests([]).verdict).toBe('unknown')
})
