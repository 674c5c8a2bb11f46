import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { logIndex, nodeId, term } from '../../src/base/brand.ts'
import { isNoop, NOOP_RECORD_BYTES, type AppendOut, type OutMessage } from '../../src/raft/index.ts'
import {
  append,
  ELECTION_TICKS_MAX,
  ELECTION_TICKS_MIN,
  HEARTBEAT_TICKS,
  matched,
  rejected,
  solo,
  voteReply,
  type Solo,
} from './solo.ts'

function appendsTo(peer: number, node: Solo): readonly AppendOut[] {
  const { send } = node.readies.at(-1) ?? { send: [] }
  return send.flatMap(({ to, message }) => (to === peer && message.type === 'append' ? [message] : []))
}

function rangesTo(peer: number, node: Solo): readonly string[] {
  return appendsTo(peer, node).map(({ first, last }) => (last < first ? 'heartbeat' : `${first}..${last}`))
}

function heartbeats(messages: readonly OutMessage[]): number {
  return messages.filter((message) => message.type === 'append' && message.last < message.first).length
}

describe('a new leader', () => {
  test('appends a no-op of its term and sends it, before its own disk has it', () => {
    const node = solo({ log: [1, 1], term: 1 })
    node.campaign()
    node.hear(2, voteReply(2, true))
    const entry = node.pending.at(-1)?.entries[0]
    expect([entry?.index, entry?.term, entry?.payload.size]).toEqual([3, 2, NOOP_RECORD_BYTES])
    expect(entry !== undefined && isNoop(entry.payload)).toBe(true)
    expect(rangesTo(2, node)).toEqual(['3..3'])
    expect(node.status.durableIndex).toBe(2)
  })

  test('commits what earlier terms left behind together with the no-op, never alone', () => {
    const node = solo({ log: [1, 1], term: 1 }).lead()
    node.hear(2, matched(2, 2))
    expect(node.status.commitIndex).toBe(0)
    node.hear(2, matched(2, 3))
    expect(node.status.commitIndex).toBe(3)
  })
})

describe('committing', () => {
  test('counts the leader itself only up to its own disk', () => {
    const node = solo().lead()
    node.propose(100)
    node.hear(2, matched(1, 2))
    expect(node.status.commitIndex).toBe(1)
    node.persist()
    expect(node.status.commitIndex).toBe(2)
  })

  test('needs no disk of the leader when the others have it, but applying does', () => {
    const node = solo().lead()
    node.propose(100)
    node.hear(2, matched(1, 2))
    node.hear(3, matched(1, 2))
    expect(node.readies.at(-1)).toMatchObject({ commitIndex: 2, applyTo: 1 })
  })

  test('counts answers of this term and of voters only', () => {
    const node = solo({ log: [1], term: 1 }).lead()
    node.hear(2, matched(1, 2))
    node.hear(9, matched(2, 2))
    node.hear(1, matched(2, 2))
    expect(node.status.commitIndex).toBe(0)
  })

  test('counts no answer about entries that are not there', () => {
    const node = solo().lead()
    node.hear(2, matched(1, 99))
    expect(node.status.peers[0]?.matchIndex).toBe(0)
  })

  test('tells each peer that has everything once, in the step in which it is known', () => {
    const node = solo().lead()
    node.hear(2, matched(1, 1))
    expect([rangesTo(2, node), rangesTo(3, node)]).toEqual([['heartbeat'], []])
    node.hear(3, matched(1, 1))
    expect([rangesTo(2, node), rangesTo(3, node)]).toEqual([[], ['heartbeat']])
    node.hear(2, matched(1, 1))
    expect([rangesTo(2, node), rangesTo(3, node)]).toEqual([[], []])
  })

  test('is told by the next append alone while there is more to come', () => {
    const node = solo().lead()
    node.hear(2, matched(1, 1))
    node.propose(100)
    node.propose(100)
    node.persist()
    node.hear(2, matched(1, 2))
    expect([node.status.commitIndex, rangesTo(2, node)]).toEqual([2, []])
    node.propose(100)
    expect(appendsTo(2, node).map(({ first, commitIndex }) => [first, commitIndex])).toEqual([[4, 2]])
  })

  test('follows a majority of any five', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 11 }), { minLength: 4, maxLength: 4 }), (acks) => {
        const node = solo({ voters: 5 }).lead()
        node.propose(...Array.from({ length: 10 }, () => 100))
        node.persist()
        acks.forEach((index, at) => node.hear(at + 2, matched(1, index)))
        const reached = [11, ...acks].sort((a, b) => b - a)[2]
        expect(node.status.commitIndex).toBe(reached)
      }),
    )
  })
})

describe('proposals', () => {
  test('of one step are entries of one write, in order', () => {
    const node = solo().lead()
    const payloads = [{ size: 100 }, { size: 200 }]
    const ready = node.step({ type: 'propose', payloads }, { type: 'propose', payloads: [{ size: 300 }] })
    expect(ready.write?.entries.map(({ index, payload }) => [index, payload.size])).toEqual([
      [2, 100],
      [3, 200],
      [4, 300],
    ])
    expect(ready.write?.entries[0]?.payload).toBe(payloads[0])
  })

  test('are refused as a whole by a node that does not lead', () => {
    const payloads = [{ size: 1 }, { size: 2 }]
    expect(solo().step({ type: 'propose', payloads }).refused).toEqual(payloads)
  })

  test('that a later leader cuts in the same step are refused: nothing happened to them', () => {
    const node = solo().lead()
    node.hear(2, matched(1, 1))
    const payloads = [{ size: 7 }]
    const ready = node.step(
      { type: 'propose', payloads },
      { type: 'message', from: nodeId(3), message: append({ term: 2, prev: [1, 1], terms: [2] }) },
    )
    expect(ready.refused).toEqual(payloads)
    expect(ready.write?.entries.map((entry) => entry.term)).toEqual([2])
    expect(ready.write?.truncateFrom).toBeNull()
  })
})

describe('replication', () => {
  test('streams ahead of the answers, as far as the window by count lets it', () => {
    const node = solo({ inflightCountMax: 2 }).lead()
    node.hear(2, matched(1, 1))
    node.propose(100)
    node.propose(100)
    expect(rangesTo(2, node)).toEqual(['3..3'])
    node.propose(100)
    expect(rangesTo(2, node)).toEqual([])
    node.hear(2, matched(1, 2))
    expect(rangesTo(2, node)).toEqual(['4..4'])
  })

  test('stays inside the window by bytes, and inside the limits of one append', () => {
    const node = solo({ inflightBytesMax: 500, appendEntriesMax: 3, appendBytesMax: 250 }).lead()
    node.hear(2, matched(1, 1))
    node.propose(...Array.from({ length: 10 }, () => 100))
    expect(rangesTo(2, node)).toEqual(['2..3', '4..5'])
    expect(node.status.peers[0]?.inflightBytes).toBe(400)
    node.hear(2, matched(1, 3))
    expect(rangesTo(2, node)).toEqual(['6..7'])
  })

  test('lets a single entry of any size through', () => {
    const node = solo({ inflightBytesMax: 500, appendBytesMax: 250 }).lead()
    node.hear(2, matched(1, 1))
    node.propose(9000)
    expect(rangesTo(2, node)).toEqual(['2..2'])
  })

  test('sends what a peer that was far behind misses within as many rounds as there are terms', () => {
    const terms = [1, 3, 5, 7, 9].flatMap((t) => Array.from({ length: 100 }, () => t))
    const theirs = [1, 2, 4, 6, 8].flatMap((t) => Array.from({ length: 120 }, () => t))
    const leader = solo({ log: terms, inflightBytesMax: 1e9, appendBytesMax: 1e9, appendEntriesMax: 1000 })
    leader.lead()
    const follower = solo({ id: 2, log: theirs })
    let rounds = 0
    leader.tick(HEARTBEAT_TICKS)
    for (let at = 0; at < 40 && leader.status.peers[0]?.matchIndex !== leader.status.lastIndex; at++) {
      const out = appendsTo(2, leader)[0]
      if (out === undefined) break
      rounds++
      const terms2 = [...terms, 10]
      const entries = terms2.slice(out.first - 1, out.last).map((t, i) => ({
        index: logIndex(out.first + i),
        term: term(t),
        payload: { size: 100 },
      }))
      const answers = [...follower.hear(1, { ...out, entries }), ...follower.persist()]
      for (const answer of answers) if (answer.type === 'appendReply') leader.hear(2, answer)
    }
    expect(leader.status.peers[0]?.matchIndex).toBe(501)
    expect(rounds).toBeLessThanOrEqual(10)
  })

  test('goes back to probing when a connection breaks, and asks with the next heartbeat', () => {
    const node = solo().lead()
    node.hear(2, matched(1, 1))
    node.propose(100, 100)
    node.step({ type: 'unreachable', peer: nodeId(2) })
    expect(node.status.peers[0]).toMatchObject({ state: 'probe', nextIndex: 2, inflightCount: 0 })
    node.propose(100)
    expect(rangesTo(2, node)).toEqual([])
    node.tick(HEARTBEAT_TICKS)
    expect(rangesTo(2, node)).toEqual(['heartbeat'])
    node.hear(2, matched(1, 1))
    expect(rangesTo(2, node)).toEqual(['2..4'])
  })

  test('finds a lost append by the heartbeat that follows it', () => {
    const node = solo().lead()
    node.hear(2, matched(1, 1))
    node.propose(100)
    node.tick(HEARTBEAT_TICKS)
    expect(appendsTo(2, node)[0]).toMatchObject({ prevIndex: 2, first: 3, last: 2 })
    node.hear(2, rejected(1, 2, [1, 1]))
    expect(rangesTo(2, node)).toEqual(['2..2'])
  })

  test('is not led back by an answer that is older than what is known', () => {
    const node = solo().lead()
    node.propose(100, 100)
    node.hear(2, matched(1, 3))
    node.hear(2, rejected(1, 2, [0, 0]))
    node.hear(2, matched(1, 1))
    expect(node.status.peers[0]).toMatchObject({ state: 'replicate', matchIndex: 3, nextIndex: 4 })
  })
})

describe('check-quorum', () => {
  test('a leader that hears no majority for an election timeout steps down', () => {
    const node = solo().lead()
    node.tick(ELECTION_TICKS_MIN - 1)
    expect(node.status.role).toBe('leader')
    node.tick()
    expect(node.status).toMatchObject({ role: 'follower', term: 1, leader: 0 })
    expect(node.told).toContain('no majority was heard')
  })

  test('one of two followers is enough', () => {
    const node = solo().lead()
    for (let round = 1; round <= 5 * ELECTION_TICKS_MAX; round++) {
      node.tick()
      node.hear(3, matched(1, 1, round))
    }
    expect(node.status.role).toBe('leader')
  })

  test('an answer to an old round is no sign of life', () => {
    const node = solo().lead()
    for (let round = 1; round <= ELECTION_TICKS_MIN; round++) {
      node.tick()
      node.hear(3, matched(1, 1, 0))
    }
    expect(node.status.role).toBe('follower')
  })

  test('an answer to a round that never was is passed over', () => {
    const node = solo().lead()
    node.hear(2, matched(1, 1, 99))
    expect(node.status.peers[0]?.matchIndex).toBe(0)
  })

  test('heartbeats go out by ticks alone, whatever the disk does', () => {
    const node = solo().lead()
    node.propose(100)
    expect(heartbeats(node.tick(HEARTBEAT_TICKS))).toBe(2)
  })

  test('a leader whose own disk stands still gives up, its ticks going on', () => {
    const node = solo().lead()
    node.propose(100)
    for (let round = 1; round <= ELECTION_TICKS_MAX && node.status.role === 'leader'; round++) {
      node.tick()
      if (node.status.role === 'leader') node.hear(3, matched(1, 1, round))
    }
    expect(node.status.role).toBe('follower')
    expect(node.told).toContain('the disk stood still')
  })

  test('a leader that is alone has nobody to hear', () => {
    const node = solo({ voters: 1 })
    node.tick()
    node.persist()
    node.tick(5 * ELECTION_TICKS_MAX)
    expect(node.status.role).toBe('leader')
  })
})

test('a later term ends a leader, whatever message shows it', () => {
  for (const message of [matched(9, 1), rejected(9, 1, [0, 0]), voteReply(9, false), append({ term: 9 })]) {
    const node = solo().lead()
    node.hear(2, message)
    expect(node.status).toMatchObject({ role: 'follower', term: 9, peers: [] })
  }
})
