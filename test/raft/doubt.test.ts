/** What a node may do that may have lost what it acknowledged (src/raft/doubt.ts). */
import { describe, expect, test } from 'vitest'
import { nodeId, term } from '../../src/base/brand.ts'
import { Ballot } from '../../src/raft/quorum.ts'
import type { InMessage } from '../../src/raft/types.ts'
import {
  append,
  ELECTION_TICKS_MAX,
  members,
  nodes,
  matched,
  preVote,
  repliesOf,
  solo,
  type Solo,
  vote,
  voteReply,
} from './solo.ts'

function yesInDoubt(type: 'preVoteReply' | 'voteReply', t: number): InMessage {
  return { type, term: term(t), granted: true, inDoubt: true }
}

/** A node whose log ends at index 2 of term 3, in doubt up to term 4. */
function doubter(voters = 3): Solo {
  return solo({ log: [2, 3], term: 4, doubt: 4, voters })
}

describe('the word of a node in doubt', () => {
  test('is marked in pre-votes and votes, and says no as any other does', () => {
    const node = doubter()
    expect(node.hear(2, preVote(5, 2, 3))).toEqual([
      { type: 'preVoteReply', term: 5, granted: true, inDoubt: true },
    ])
    expect(node.hear(2, preVote(5, 1, 2))).toEqual([{ type: 'preVoteReply', term: 4, granted: false }])
    node.hear(2, vote(5, 2, 3))
    expect(node.persist()).toEqual([{ type: 'voteReply', term: 5, granted: true, inDoubt: true }])
    node.hear(3, vote(6, 1, 3))
    expect(node.persist()).toEqual([{ type: 'voteReply', term: 6, granted: false }])
  })

  test('makes no majority: a candidate of three with one such vote beside its own waits for the third', () => {
    const node = solo({ log: [1] })
    node.campaign()
    node.hear(2, yesInDoubt('voteReply', 2))
    expect(node.status.role).toBe('candidate')
    node.hear(3, voteReply(2, true))
    expect(node.status.role).toBe('leader')
  })

  test('counts where all say yes, so that a group whose every tail is torn starts by itself', () => {
    const node = doubter()
    for (let at = 0; at <= ELECTION_TICKS_MAX && node.status.role === 'follower'; at++) node.tick()
    node.hear(2, yesInDoubt('preVoteReply', 5))
    expect(node.status.role).toBe('preCandidate')
    node.hear(3, yesInDoubt('preVoteReply', 5))
    node.persist()
    expect(node.status.role).toBe('candidate')
    node.hear(2, yesInDoubt('voteReply', 5))
    node.hear(3, yesInDoubt('voteReply', 5))
    expect(node.status.role).toBe('leader')
  })

  test('does not elect a node that is behind: what only the doubter had may be committed', () => {
    // Committed on 1, in doubt now, and 2, which is away; 3 is behind and asks 1.
    const behind = solo({ id: 3, log: [1], term: 4 })
    behind.campaign()
    behind.hear(1, yesInDoubt('voteReply', 5))
    behind.tick(3 * ELECTION_TICKS_MAX)
    expect(behind.status.role).not.toBe('leader')
  })

  test.each([
    [3, ['yes', 'doubt'], 'open'],
    [3, ['doubt', 'doubt', 'doubt'], 'won'],
    [3, ['doubt', 'yes', 'yes'], 'won'],
    [3, ['doubt', 'no'], 'lost'],
    [3, ['yes', 'doubt', 'no'], 'lost'],
    [5, ['yes', 'yes', 'doubt', 'doubt'], 'open'],
    [5, ['yes', 'yes', 'doubt', 'doubt', 'doubt'], 'won'],
    [5, ['yes', 'yes', 'doubt', 'doubt', 'no'], 'lost'],
    [5, ['yes', 'yes', 'doubt', 'no'], 'open'],
    [1, ['doubt'], 'won'],
  ] as const)('of %i voters, %j is %s', (voters, votes, tally) => {
    const ballot = new Ballot(members(nodes(voters)))
    votes.forEach((said, at) => ballot.count(nodeId(at + 1), said !== 'no', said === 'doubt'))
    expect(ballot.tally).toBe(tally)
  })

  test('is enough for a node that is alone', () => {
    expect(doubter(1).lead().status.role).toBe('leader')
  })
})

describe('a node in doubt follows', () => {
  test('no leader of a term in which it may have lost what it acknowledged: it goes on to the next term', () => {
    const node = doubter()
    node.hear(2, append({ term: 4, prev: [2, 3] }))
    expect(node.status).toMatchObject({ role: 'follower', term: 5, leader: 0 })
    expect(repliesOf(node.persist())).toMatchObject([{ term: 5, result: 'rejected' }])
  })

  test('the leader of a later term, and its doubt ends with the first entry of such a term on its disk', () => {
    const node = doubter()
    node.hear(2, append({ term: 6, prev: [2, 3], terms: [4], commit: 3 }))
    node.persist()
    expect(node.status.doubtTerm).toBe(4)
    node.hear(2, append({ term: 6, prev: [3, 4], terms: [6] }))
    expect(node.status.doubtTerm).toBe(4)
    expect(repliesOf(node.persist()).at(-1)).toMatchObject({ result: 'matched', index: 4 })
    expect(node.status.doubtTerm).toBeNull()
    expect(node.raft.isInDoubt).toBe(false)
    node.tick(ELECTION_TICKS_MAX)
    expect(node.hear(3, preVote(7, 4, 6))).toEqual([{ type: 'preVoteReply', term: 7, granted: true }])
  })

  test('and an entry of a later term that no leader verified ends no doubt', () => {
    const node = solo({ log: [2, 5], term: 5, doubt: 4 })
    expect(node.status.doubtTerm).toBe(4)
    node.hear(2, append({ term: 6, prev: [2, 5] }))
    expect(node.status.doubtTerm).toBeNull()
  })
})

test('a leader that was elected in doubt is in none when its first entry is on its disk', () => {
  const node = doubter()
  for (let at = 0; at <= ELECTION_TICKS_MAX && node.status.role === 'follower'; at++) node.tick()
  for (const peer of [2, 3]) node.hear(peer, { type: 'preVoteReply', term: term(5), granted: true })
  node.persist()
  for (const peer of [2, 3]) node.hear(peer, voteReply(5, true))
  expect(node.status).toMatchObject({ role: 'leader', doubtTerm: 4 })
  node.persist()
  expect(node.status.doubtTerm).toBeNull()
  node.hear(2, matched(5, 3))
  expect(node.status.commitIndex).toBe(3)
})
