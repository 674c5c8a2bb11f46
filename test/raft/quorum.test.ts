import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { nodeId, type NodeId } from '../../src/base/brand.ts'
import { Ballot, majorityOf, majorityReached, quorumReached, type Tally } from '../../src/raft/quorum.ts'
import type { Configuration } from '../../src/raft/types.ts'
import { nodes } from './solo.ts'

function voters(count: number): Configuration {
  return { voters: nodes(count), votersOutgoing: [], learners: [] }
}

/** Any two sets of voters among nine members, and learners that must change nothing. */
const jointConfigurations = fc
  .tuple(fc.subarray([...nodes(9)], { minLength: 1 }), fc.subarray([...nodes(9)], { minLength: 1 }))
  .map(([incoming, outgoing]): Configuration => {
    const learners = nodes(12).filter((id) => !incoming.includes(id))
    return { voters: incoming, votersOutgoing: outgoing, learners }
  })

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
  const ballot = new Ballot(voters(5))
  for (let at = 0; at < 5; at++) ballot.count(nodeId(2), true)
  expect(ballot.tally).toBe('open')
  ballot.count(nodeId(3), true)
  ballot.count(nodeId(1), true)
  expect(ballot.tally).toBe('won')
})

test('the first answer of a voter stands', () => {
  const ballot = new Ballot(voters(3))
  ballot.count(nodeId(2), false)
  ballot.count(nodeId(2), true)
  ballot.count(nodeId(1), true)
  expect(ballot.tally).toBe('open')
})

test('an election is lost as soon as the rest cannot make a majority', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }), fc.nat(9), (votes, given) => {
      const ballot = new Ballot(voters(votes.length))
      const counted = votes.slice(0, given)
      counted.forEach((granted, at) => ballot.count(nodeId(at + 1), granted))
      const yes = counted.filter(Boolean).length
      const open = votes.length - counted.length
      const slow = yes * 2 > votes.length ? 'won' : (yes + open) * 2 > votes.length ? 'open' : 'lost'
      expect(ballot.tally).toBe(slow)
    }),
  )
})

describe('a joint configuration', () => {
  test('has reached what a majority of each set has reached, and learners never count', () => {
    fc.assert(
      fc.property(
        jointConfigurations,
        fc.array(fc.nat(20), { minLength: 13, maxLength: 13 }),
        (joint, reached) => {
          const by = (voter: NodeId): number => reached[voter] ?? 0
          const { voters: incoming, votersOutgoing: outgoing } = joint
          const slow = Math.min(majorityReached(incoming.map(by)), majorityReached(outgoing.map(by)))
          expect(quorumReached(joint, by)).toBe(slow)
        },
      ),
    )
  })

  test('elects only who wins in both sets, and is lost as soon as one is', () => {
    fc.assert(
      fc.property(
        jointConfigurations,
        fc.array(fc.option(fc.boolean()), { minLength: 13, maxLength: 13 }),
        (joint, votes) => {
          const ballot = new Ballot(joint)
          const alone: Ballot[] = [joint.voters, joint.votersOutgoing].map(
            (set) => new Ballot({ voters: set, votersOutgoing: [], learners: [] }),
          )
          votes.forEach((granted, id) => {
            if (granted === null) return
            for (const box of [ballot, ...alone]) box.count(nodeId(id), granted)
          })
          const tallies = alone.map((box) => box.tally)
          const slow: Tally = tallies.includes('lost')
            ? 'lost'
            : tallies.every((tally) => tally === 'won')
              ? 'won'
              : 'open'
          expect(ballot.tally).toBe(slow)
        },
      ),
    )
  })

  test('never decides beside either of its sets: any two quorums around a change share a voter', () => {
    fc.assert(
      fc.property(
        jointConfigurations,
        fc.array(fc.boolean(), { minLength: 13, maxLength: 13 }),
        (joint, side) => {
          // Everybody is on one side or the other; a quorum of the joint set and one of a single set never both fit.
          const quorum = (configuration: Configuration, wanted: boolean): boolean =>
            quorumReached(configuration, (id) => (side[id] === wanted ? 1 : 0)) === 1
          for (const set of [joint.voters, joint.votersOutgoing]) {
            const single = { voters: set, votersOutgoing: [], learners: [] }
            expect(quorum(joint, true) && quorum(single, false)).toBe(false)
          }
        },
      ),
    )
  })
})
