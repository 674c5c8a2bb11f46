import { describe, expect, test } from 'vitest'
import { nodeId, term } from '../../src/base/brand.ts'
import { describeStatus, type Ready } from '../../src/raft/index.ts'
import { leading, passTime } from './groups.ts'
import {
  append,
  ELECTION_TICKS_MAX,
  ELECTION_TICKS_MIN,
  matched,
  members,
  solo,
  vote,
  voteReply,
  type Solo,
} from './solo.ts'

function transfer(node: Solo, to = 0): Ready {
  return node.step({ type: 'transfer', to: to === 0 ? 0 : nodeId(to) })
}

function told(node: Solo): readonly number[] {
  return (node.readies.at(-1)?.send ?? []).flatMap(({ to, message }) =>
    message.type === 'timeoutNow' ? [to] : [],
  )
}

function outcomes(node: Solo): readonly unknown[] {
  return node.readies.flatMap(({ transfers }) => transfers)
}

describe('a leader that hands over', () => {
  test('tells a target that has everything at once', () => {
    const node = leading()
    transfer(node, 3)
    expect(told(node)).toEqual([3])
    expect(node.status.transferTo).toBe(3)
    expect(describeStatus(node.status)).toContain('; handing over to 3; ')
  })

  test('brings the target up to date first', () => {
    const node = leading()
    node.propose(100)
    transfer(node, 3)
    expect(told(node)).toEqual([])
    node.persist()
    node.answer(2)
    expect(told(node)).toEqual([])
    node.answer(3)
    expect(told(node)).toEqual([3])
    node.answer(3)
    expect(told(node)).toEqual([])
  })

  test('refuses proposals and changes of members meanwhile: nothing happened to them', () => {
    const node = leading()
    transfer(node, 3)
    const ready = node.propose(100)
    expect([ready.refused.length, ready.write]).toEqual([1, null])
    expect(node.change([1, 2]).changes).toEqual([
      { type: 'refused', reason: 'leadership is being handed over' },
    ])
  })

  test('gives up after an election timeout, and only then takes proposals again', () => {
    const node = leading()
    transfer(node, 3)
    for (let at = 1; at < ELECTION_TICKS_MIN; at++) {
      node.tick()
      node.answer(2, 3)
    }
    expect(node.propose(100).refused).toHaveLength(1)
    node.tick()
    expect(outcomes(node)).toEqual([{ type: 'givenUp', to: 3 }])
    expect(node.propose(100).refused).toHaveLength(0)
    expect(node.status.role).toBe('leader')
  })

  test('votes for the target like anybody else and says that it left', () => {
    const node = leading()
    transfer(node, 3)
    node.hear(3, vote(2, 1, 1, true))
    expect(node.persist()).toEqual([{ type: 'voteReply', term: 2, granted: true }])
    expect(outcomes(node)).toEqual([{ type: 'left', to: 3 }])
  })

  test('to nobody in particular picks the voter that has most of the log', () => {
    const node = leading()
    node.propose(100)
    node.persist()
    node.answer(3)
    transfer(node)
    expect([told(node), node.status.transferTo]).toEqual([[3], 3])
  })

  test('passes over learners and voters that do not answer', () => {
    const node = leading()
    node.change([1, 2, 3], [4])
    node.persist()
    node.answer(2, 3, 4)
    passTime(node, 3, 4)
    node.propose(100)
    node.persist()
    node.answer(4)
    transfer(node)
    expect(node.status.transferTo).toBe(3)
  })

  test.each([
    ['itself', 1, 'this node leads already'],
    ['a stranger', 9, 'member 9 is no voter'],
  ])('refuses to hand over to %s', (_, to, reason) => {
    const node = leading()
    transfer(node, to)
    expect(outcomes(node)).toEqual([{ type: 'refused', reason }])
    expect(node.status.transferTo).toBe(0)
  })

  test('does one hand-over at a time', () => {
    const node = leading()
    transfer(node, 3)
    transfer(node, 2)
    expect(outcomes(node)).toEqual([{ type: 'refused', reason: 'leadership is already being handed over' }])
  })

  test('has nobody to hand over to when it is alone', () => {
    const node = solo({ voters: 1 }).lead()
    node.tick()
    node.persist()
    node.persist()
    transfer(node)
    expect(outcomes(node)).toEqual([{ type: 'refused', reason: 'no other voter answers' }])
  })

  test('refuses when it does not lead', () => {
    const node = solo()
    transfer(node)
    expect(outcomes(node)).toEqual([{ type: 'refused', reason: 'this node does not lead' }])
  })

  test('because it is removed asks the most complete voter to stand as it goes', () => {
    const node = leading()
    node.change([2, 3])
    node.persist()
    node.answer(2, 3)
    node.persist()
    node.answer(2)
    node.answer(3)
    expect(node.status.configuration.configuration).toEqual(members([2, 3]))
    expect([node.status.role, told(node)]).toEqual(['follower', [2]])
  })
})

describe('a node that is told to stand', () => {
  const follower = (): Solo => {
    const node = solo()
    node.hear(2, append({ term: 1, terms: [1] }))
    node.persist()
    return node
  }

  test('asks for real votes at once, marked as wanted by the leader', () => {
    const node = follower()
    expect(node.hear(2, { type: 'timeoutNow', term: term(1) })).toEqual([])
    expect(node.status).toMatchObject({ role: 'candidate', term: 2 })
    const asked = { type: 'vote', term: 2, lastIndex: 1, lastTerm: 1, transfer: true }
    expect(node.persist()).toEqual([asked, asked])
    node.hear(2, voteReply(2, true))
    expect(node.status.role).toBe('leader')
  })

  test('by somebody else than its leader, or by an older term, does nothing', () => {
    const node = follower()
    node.hear(3, { type: 'timeoutNow', term: term(1) })
    expect(node.status.role).toBe('follower')
    node.hear(3, append({ term: 2 }))
    node.hear(2, { type: 'timeoutNow', term: term(1) })
    expect(node.status).toMatchObject({ role: 'follower', term: 2, leader: 3 })
  })

  test('does nothing when it is no voter, or when its disk stands still', () => {
    const learner = solo({ voters: 0 })
    learner.hear(2, append({ term: 1, terms: [1] }))
    learner.persist()
    learner.hear(2, { type: 'timeoutNow', term: term(1) })
    expect(learner.status.role).toBe('follower')
    const stuck = solo()
    stuck.hear(2, append({ term: 1, terms: [1] }))
    stuck.tick(ELECTION_TICKS_MIN - 1)
    stuck.hear(2, append({ term: 1, prev: [1, 1] }))
    stuck.tick(1)
    stuck.hear(2, append({ term: 1, prev: [1, 1] }))
    stuck.hear(2, { type: 'timeoutNow', term: term(1) })
    expect(stuck.status.role).toBe('follower')
  })
})

describe('a vote that the leader wants', () => {
  test('is given although a leader is heard', () => {
    const node = solo()
    node.hear(2, append({ term: 1, terms: [1] }))
    node.persist()
    node.hear(3, vote(2, 1, 1, true))
    expect(node.persist()).toEqual([{ type: 'voteReply', term: 2, granted: true }])
  })

  test('is not given to a log that is behind', () => {
    const node = solo()
    node.hear(2, append({ term: 1, terms: [1, 1] }))
    node.persist()
    node.hear(3, vote(2, 1, 1, true))
    expect(node.persist()).toEqual([{ type: 'voteReply', term: 2, granted: false }])
  })

  test('does not stand in the way of a new leader whose target lost: the old one follows the term', () => {
    const node = leading()
    transfer(node, 3)
    node.hear(2, matched(2, 1))
    expect(node.status).toMatchObject({ role: 'follower', term: 2 })
    expect(outcomes(node)).toEqual([{ type: 'left', to: 3 }])
  })
})

describe('a preferred voter', () => {
  const PRIORITIES = new Map([
    [nodeId(2), 1],
    [nodeId(3), 5],
  ])

  /** Leads three, the others preferred. */
  function unwanted(): Solo {
    const node = solo({ priorities: PRIORITIES }).lead()
    node.answer(2, 3)
    return node
  }

  /** Ticks that pass, the peers answering, until the leader hands over; at most `limit`. */
  function ticksToHandOver(node: Solo, limit: number, ...peers: readonly number[]): number {
    for (let at = 1; at <= limit; at++) {
      node.tick()
      if (node.status.transferTo !== 0) return at
      node.answer(...peers)
    }
    return limit + 1
  }

  test('that has caught up is handed over to within an election timeout, the most wanted of all', () => {
    const node = unwanted()
    expect(ticksToHandOver(node, ELECTION_TICKS_MAX, 2, 3)).toBeLessThanOrEqual(ELECTION_TICKS_MAX)
    expect(node.status.transferTo).toBe(3)
  })

  test('that does not answer is passed over for the next', () => {
    const node = unwanted()
    ticksToHandOver(node, ELECTION_TICKS_MAX, 2)
    expect(node.status.transferTo).toBe(2)
  })

  test('that does not take over is left in peace for a long time, since each try stops the proposals', () => {
    const node = unwanted()
    ticksToHandOver(node, ELECTION_TICKS_MAX, 2, 3)
    for (let at = 0; at < ELECTION_TICKS_MIN; at++) {
      node.tick()
      node.answer(2, 3)
    }
    expect(node.status.transferTo).toBe(0)
    const again = ticksToHandOver(node, 100 * ELECTION_TICKS_MAX, 2, 3)
    expect(again).toBeGreaterThan(10 * ELECTION_TICKS_MAX)
    expect(again).toBeLessThanOrEqual(16 * ELECTION_TICKS_MAX)
    expect(outcomes(node)).toEqual([])
  })

  test('is none among equals, and the most wanted leader stays', () => {
    const priorities = new Map([1, 2, 3].map((id) => [nodeId(id), 4]))
    const equal = solo({ priorities }).lead()
    const wanted = solo({ priorities: new Map([[nodeId(1), 1]]) }).lead()
    for (const node of [equal, wanted]) {
      expect(ticksToHandOver(node, 5 * ELECTION_TICKS_MAX, 2, 3)).toBeGreaterThan(5 * ELECTION_TICKS_MAX)
    }
  })

  test('may be the wish, but who is not wanted stands and leads all the same', () => {
    const node = unwanted()
    expect(describeStatus(node.status)).toMatch(/^leader t1/)
    const wanted = solo({ priorities: new Map([[nodeId(1), 3]]) })
    expect(describeStatus(wanted.status)).toBe('follower t0, log 0, durable 0, commit 0; priority 3')
  })
})
