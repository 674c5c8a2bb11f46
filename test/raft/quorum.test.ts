import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { nodeId } from '../../src/base/brand.ts'
import { Ballot, majorityOf, majorityReached } from '../../src/raft/quorum.ts'

test('any two majorities share a voter', () => {
  for (let voters = 1; voters <= 9; voters++) {
    const needed = majorityOf(voters)
    expect(2 * needed).toBeGreaterThan(voters)
    expect(2 * (needed - 1)).toBeLessThanOrEqual(voters)
  }
  expect(() => majorityOf(0)).toThrow(InvariantError)
})

test('what a majority reached is the largest index that enough voters have, counted one by one', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 9 }), (reached) => {
      let slow = 0
      for (let index = 0; index <= 20; index++) {
        const having = reached.filter((other) => other >= index).length
        if (having * 2 > reached.length) slow = index
      }
      expect(majorityReached([...reached])).toBe(slow)
    }),
  )
})

test('votes are counted by voter, not by message: doubled answers elect nobody', () => {
  const ballot = new Ballot(5)
  for (let at = 0; at < 5; at++) ballot.count(nodeId(2), true)
  expect(ballot.tally).toBe('open')
  ballot.count(nodeId(3), true)
  ballot.count(nodeId(1), true)
  expect(ballot.tally).toBe('won')
})

test('the first answer of a voter stands', () => {
  const ballot = new Ballot(3)
  ballot.count(nodeId(2), false)
  ballot.count(nodeId(2), true)
  ballot.count(nodeId(1), true)
  expect(ballot.tally).toBe('open')
})

test('an election is lost as soon as the rest cannot make a majority', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }), fc.nat(9), (votes, given) => {
      const ballot = new Ballot(votes.length)
      const counted = votes.slice(0, given)
      counted.forEach((granted, at) => ballot.count(nodeId(at + 1), granted))
      const yes = counted.filter(Boolean).length
      const open = votes.length - counted.length
      const slow = yes * 2 > votes.length ? 'won' : (yes + open) * 2 > votes.length ? 'open' : 'lost'
      expect(ballot.tally).toBe(slow)
    }),
  )
})
