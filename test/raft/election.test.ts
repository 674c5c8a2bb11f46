import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { term } from '../../src/base/brand.ts'
import {
  append,
  ELECTION_TICKS_MAX,
  ELECTION_TICKS_MIN,
  preVote,
  preVoteReply,
  solo,
  vote,
  voteReply,
  type Solo,
} from './solo.ts'

const YES = (t: number) => ({ type: 'voteReply', term: t, granted: true })
const NO = (t: number) => ({ type: 'voteReply', term: t, granted: false })

/** Ticks until the node asks for pre-votes, and how many it took. */
function ticksToAsk(node: Solo): number {
  for (let at = 1; at <= 10 * ELECTION_TICKS_MAX; at++) {
    if (node.tick().some(({ type }) => type === 'preVote')) return at
  }
  throw new Error('the node never asks')
}

describe('timeouts', () => {
  test('are drawn anew for each election, from the seed', () => {
    const draws = (seed: number): number[] => {
      const node = solo({ seed })
      return Array.from({ length: 40 }, () => ticksToAsk(node))
    }
    const drawn = draws(1)
    for (const ticks of drawn) expect(ticks).toBeGreaterThanOrEqual(ELECTION_TICKS_MIN)
    for (const ticks of drawn) expect(ticks).toBeLessThan(ELECTION_TICKS_MAX)
    expect(new Set(drawn).size).toBeGreaterThan(5)
    expect(draws(1)).toEqual(drawn)
    expect(draws(2)).not.toEqual(drawn)
  })

  test('begin anew when the leader is heard', () => {
    const node = solo()
    for (let at = 0; at < 10; at++) {
      node.hear(2, append({ term: 1 }))
      node.tick(ELECTION_TICKS_MIN - 1)
    }
    expect(node.status.role).toBe('follower')
  })
})

describe('a pre-vote', () => {
  test('leaves no trace: no term, no vote, no write, no leader forgotten, no timer reset', () => {
    const node = solo({ log: [1, 1], term: 3 })
    node.tick(ELECTION_TICKS_MIN - 1)
    const before = node.status
    const answers = node.hear(2, preVote(9, 5, 2))
    expect(answers).toEqual([{ type: 'preVoteReply', term: 9, granted: true }])
    expect(node.status).toEqual(before)
    expect(node.readies.at(-1)?.write).toBeNull()
    expect(ticksToAsk(node)).toBeLessThan(ELECTION_TICKS_MAX - ELECTION_TICKS_MIN + 1)
  })

  test('is refused by a node in contact with a leader, for as long as the shortest timeout', () => {
    const node = solo()
    node.hear(2, append({ term: 1 }))
    node.tick(ELECTION_TICKS_MIN - 1)
    expect(node.hear(3, preVote(2, 9, 1))).toEqual([{ type: 'preVoteReply', term: 1, granted: false }])
    node.tick()
    if (node.status.role === 'follower') expect(node.status.leader).toBe(2)
    expect(node.hear(3, preVote(2, 9, 1))).toEqual([{ type: 'preVoteReply', term: 2, granted: true }])
  })

  test('is refused by a leader', () => {
    const node = solo().lead()
    expect(node.hear(2, preVote(9, 9, 9))).toEqual([{ type: 'preVoteReply', term: 1, granted: false }])
    expect(node.status.role).toBe('leader')
  })

  test('is refused for a log that is behind, and for a term that is not ahead', () => {
    const node = solo({ log: [1, 2, 2], term: 4 })
    const no = [{ type: 'preVoteReply', term: 4, granted: false }]
    expect(node.hear(2, preVote(5, 2, 2))).toEqual(no)
    expect(node.hear(2, preVote(5, 9, 1))).toEqual(no)
    expect(node.hear(2, preVote(4, 3, 2))).toEqual(no)
  })

  test('that a majority would grant begins the election, once', () => {
    const node = solo()
    ticksToAsk(node)
    node.hear(2, preVoteReply(1, true))
    expect([node.status.role, node.status.term]).toEqual(['candidate', 1])
    node.hear(3, preVoteReply(1, true))
    expect(node.status.term).toBe(1)
  })

  test('that was answered for another term counts for nothing', () => {
    const node = solo()
    ticksToAsk(node)
    node.hear(2, preVoteReply(7, true))
    expect([node.status.role, node.status.term]).toEqual(['preCandidate', 0])
  })

  test('that is refused by a later term teaches that term, so that no node is locked out', () => {
    const node = solo()
    ticksToAsk(node)
    node.hear(2, preVoteReply(9, false))
    expect([node.status.role, node.status.term]).toEqual(['follower', 9])
  })

  test('that a majority refuses is over', () => {
    const node = solo()
    ticksToAsk(node)
    node.hear(2, preVoteReply(0, false))
    node.hear(2, preVoteReply(0, false))
    expect(node.status.role).toBe('preCandidate')
    node.hear(3, preVoteReply(0, false))
    expect(node.status.role).toBe('follower')
  })
})

describe('a vote', () => {
  test('leaves only when term and vote are on the disk, in one write', () => {
    const node = solo()
    expect(node.hear(2, vote(3, 0, 0))).toEqual([])
    expect(node.pending.map(({ hardState }) => hardState)).toEqual([{ term: 3, votedFor: 2 }])
    expect(node.persist()).toEqual([YES(3)])
  })

  test('that was not written before a crash binds nobody after it', () => {
    const node = solo()
    node.hear(2, vote(3, 0, 0))
    expect(node.readies.flatMap(({ send }) => send)).toEqual([])
    // The write never finished and nobody heard of it: after the restart the vote is free.
    const restarted = solo()
    restarted.hear(3, vote(3, 0, 0))
    expect(restarted.persist()).toEqual([YES(3)])
  })

  test('is remembered over a restart: never two in a term', () => {
    const node = solo({ term: 3, votedFor: 2 })
    expect(node.hear(3, vote(3, 9, 9))).toEqual([NO(3)])
    expect(node.hear(2, vote(3, 9, 9))).toEqual([YES(3)])
  })

  test('is given to the same candidate again', () => {
    const node = solo()
    node.hear(2, vote(3, 0, 0))
    expect(node.persist()).toEqual([YES(3)])
    expect(node.hear(2, vote(3, 0, 0))).toEqual([YES(3)])
    expect(node.hear(3, vote(3, 0, 0))).toEqual([NO(3)])
  })

  test('goes only to a log as complete as one’s own', () => {
    const node = solo({ log: [1, 2, 2] })
    node.hear(2, vote(5, 9, 1))
    node.hear(2, vote(5, 2, 2))
    expect(node.persist()).toEqual([NO(5), NO(5)])
    expect(node.hear(3, vote(5, 3, 2))).toEqual([])
    expect(node.persist()).toEqual([YES(5)])
  })

  test('is not given by a candidate to another of its term, nor by a leader', () => {
    const candidate = solo()
    candidate.campaign()
    expect(candidate.hear(2, vote(1, 9, 9))).toEqual([NO(1)])
    const leader = solo().lead()
    expect(leader.hear(2, vote(1, 9, 9))).toEqual([NO(1)])
  })

  test('may be given by a node that asks for pre-votes: it stops asking', () => {
    const node = solo({ term: 4 })
    ticksToAsk(node)
    node.hear(2, vote(4, 9, 9))
    expect(node.status.role).toBe('follower')
    expect(node.persist()).toEqual([YES(4)])
  })

  test('stands when a node steps down within its term', () => {
    const node = solo()
    node.campaign()
    node.hear(2, append({ term: 1 }))
    expect(node.status).toMatchObject({ role: 'follower', term: 1, leader: 2 })
    expect(node.hear(3, vote(1, 9, 9))).toEqual([NO(1)])
  })

  test('of a later term is ignored while a leader is heard, and the term with it', () => {
    const node = solo()
    node.hear(2, append({ term: 1 }))
    node.persist()
    expect(node.hear(3, vote(9, 9, 9))).toEqual([])
    expect(node.status).toMatchObject({ term: 1, leader: 2 })
  })

  test('is asked for only when one’s own is on the disk', () => {
    const node = solo()
    ticksToAsk(node)
    expect(node.hear(2, preVoteReply(1, true))).toEqual([])
    expect(node.status.role).toBe('candidate')
    expect(node.persist().map(({ type }) => type)).toEqual(['vote', 'vote'])
  })

  test('of one’s own counts only when it is on the disk', () => {
    const node = solo()
    ticksToAsk(node)
    node.hear(2, preVoteReply(1, true))
    node.hear(2, voteReply(1, true))
    expect(node.status.role).toBe('candidate')
    node.persist()
    expect(node.status.role).toBe('leader')
  })

  test('counts once a voter: doubled answers do not elect', () => {
    const node = solo({ voters: 5 })
    node.campaign()
    for (let at = 0; at < 5; at++) node.hear(2, voteReply(1, true))
    expect(node.status.role).toBe('candidate')
    node.hear(3, voteReply(1, true))
    expect(node.status.role).toBe('leader')
  })

  test('of an older term, or for an older role, counts for nothing', () => {
    const node = solo({ term: 5 })
    node.campaign()
    node.hear(2, voteReply(5, true))
    node.hear(3, preVoteReply(7, true))
    expect(node.status).toMatchObject({ role: 'candidate', term: 6 })
  })

  test('that waits for the disk is dropped when a later term begins', () => {
    const node = solo()
    node.hear(2, vote(3, 0, 0))
    node.hear(3, vote(4, 0, 0))
    expect(node.persist()).toEqual([YES(4)])
  })
})

describe('a term', () => {
  test('never goes down, whatever comes', () => {
    const node = solo({ term: 7 })
    node.hear(2, append({ term: 3 }))
    node.hear(2, vote(4, 9, 9))
    node.hear(2, preVoteReply(5, false))
    node.hear(2, voteReply(6, true))
    expect(node.status.term).toBe(7)
  })

  test('is at least the last one in the log, and then without a vote', () => {
    const node = solo({ log: [1, 5], term: 3, votedFor: 2 })
    expect(node.status.term).toBe(5)
    expect(node.step().write?.hardState).toEqual({ term: 5, votedFor: 0 })
  })

  test('without a majority is given up for another try', () => {
    const node = solo()
    node.campaign()
    node.hear(2, voteReply(1, false))
    node.hear(3, voteReply(1, false))
    expect(node.status).toMatchObject({ role: 'follower', term: 1 })
    expect(ticksToAsk(node)).toBeGreaterThan(0)
  })
})

describe('a node whose disk stands still', () => {
  test('does not ask to lead', () => {
    const node = solo()
    node.hear(2, append({ term: 1, terms: [1] }))
    node.tick(5 * ELECTION_TICKS_MAX)
    expect(node.status.role).toBe('follower')
    node.persist()
    expect(ticksToAsk(node)).toBe(1)
  })
})

test('a node that is alone is elected by the first tick and its own disk', () => {
  const node = solo({ voters: 1 })
  expect(node.tick()).toEqual([])
  expect(node.status.role).toBe('candidate')
  node.persist()
  expect(node.status).toMatchObject({ role: 'leader', commitIndex: 0 })
  node.persist()
  expect(node.status.commitIndex).toBe(1)
})

test('two leaders of one term are a broken rule, not a message to refuse', () => {
  const node = solo().lead()
  expect(() => node.hear(2, append({ term: node.status.term }))).toThrow(InvariantError)
  const follower = solo()
  follower.hear(2, append({ term: 1 }))
  expect(() => follower.hear(3, append({ term: term(1) }))).toThrow(InvariantError)
})
