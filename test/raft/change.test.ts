import { describe, expect, test } from 'vitest'
import { logIndex } from '../../src/base/brand.ts'
import { leading, passTime, withLearner, outcomes, lastReason, ask } from './groups.ts'
import {
  append,
  ELECTION_TICKS_MAX,
  matched,
  members,
  preVote,
  preVoteReply,
  solo,
  vote,
  voteReply,
  type Solo,
} from './solo.ts'

describe('a change of members', () => {
  test('joins old and new voters and leaves the old ones by itself once both majorities have it', () => {
    const node = withLearner()
    node.change([1, 2, 4])
    expect(node.status.configuration.configuration).toEqual(members([1, 2, 4], [], [1, 2, 3]))
    node.persist()
    const joint = node.status.configuration.index
    node.hear(4, matched(1, joint, node.roundTo(4)))
    // Of the old voters only this node has it.
    expect(node.status.commitIndex).toBe(joint - 1)
    node.hear(2, matched(1, joint, node.roundTo(2)))
    expect(node.status.commitIndex).toBe(joint)
    expect(node.status.configuration).toEqual({ index: joint + 1, configuration: members([1, 2, 4]) })
    expect(outcomes(node)).toHaveLength(1)
    node.persist()
    node.answer(4)
    expect(outcomes(node).at(-1)).toEqual({ type: 'changed', configuration: members([1, 2, 4]) })
    expect(node.status.peers.map(({ peer }) => peer)).toEqual([2, 4])
  })

  test('needs a majority of the new voters too, however many of the old ones have it', () => {
    const node = withLearner()
    node.change([1, 4])
    node.persist()
    const joint = node.status.configuration.index
    node.answer(2, 3)
    expect(node.status.commitIndex).toBe(joint - 1)
    node.answer(4)
    expect(node.status.commitIndex).toBe(joint)
  })

  test('of learners alone is one entry and needs no joint configuration', () => {
    const node = leading()
    node.change([1, 2, 3], [4, 5])
    expect(node.status.configuration.configuration).toEqual(members([1, 2, 3], [4, 5]))
    node.persist()
    node.answer(2)
    expect(outcomes(node)).toEqual([{ type: 'changed', configuration: members([1, 2, 3], [4, 5]) }])
  })

  test('makes a learner of a voter only when the old voters are left', () => {
    const node = leading()
    node.change([1, 2], [3])
    expect(node.status.configuration.configuration).toEqual(members([1, 2], [3], [1, 2, 3]))
    node.persist()
    node.answer(2)
    node.persist()
    node.answer(2)
    expect(outcomes(node)).toEqual([{ type: 'changed', configuration: members([1, 2], [3]) }])
    expect(node.status.peers.map(({ peer }) => peer)).toEqual([2, 3])
  })

  test('that changes nothing is done at once', () => {
    const node = leading()
    node.change([3, 2, 1])
    expect(outcomes(node)).toEqual([{ type: 'changed', configuration: members([1, 2, 3]) }])
    expect(node.status.lastIndex).toBe(1)
  })

  test('is refused by a node that does not lead', () => {
    const node = solo()
    node.change([1, 2])
    expect(lastReason(node)).toBe('this node does not lead')
  })

  test('is refused until the leader has committed in its own term', () => {
    const node = solo({ log: [1, 1], term: 1, applied: 2 }).lead()
    node.change([1, 2])
    expect(lastReason(node)).toBe('the leader has not committed in its term yet')
    node.answer(2)
    node.change([1, 2])
    expect(node.status.configuration.configuration).toEqual(members([1, 2], [], [1, 2, 3]))
  })

  test('is refused while another one is under way, in both of its steps', () => {
    const node = leading()
    node.change([1, 2])
    node.change([1, 3])
    expect(lastReason(node)).toBe('another change is under way')
    node.persist()
    node.answer(2)
    expect(node.status.configuration.configuration).toEqual(members([1, 2]))
    node.change([1, 3])
    expect(lastReason(node)).toBe('another change is under way')
    node.persist()
    node.answer(2)
    node.change([1])
    expect(node.status.configuration.configuration).toEqual(members([1], [], [1, 2]))
  })

  test.each([
    ['nobody', [], [], 'a group needs a voter'],
    ['the same member twice', [1, 2, 2], [], 'a member is named twice'],
    ['a voter as a learner', [1, 2], [2], 'a member is named twice'],
    ['a member without an id', [1, 2], [0], 'no member has the id 0'],
    ['a new voter that never listened', [1, 2, 4], [], 'member 4 is no learner that has caught up'],
  ])('to %s is refused', (_, voters, learners, reason) => {
    const node = leading()
    node.change(voters, learners)
    expect(lastReason(node)).toBe(reason)
    expect(node.status.lastIndex).toBe(1)
  })

  test('to a learner that has not caught up is refused: it has what the log held a while ago, or waits', () => {
    const node = leading()
    node.change([1, 2, 3], [4])
    node.persist()
    node.answer(2, 3)
    node.hear(4, matched(1, 1, node.roundTo(4)))
    node.propose(100, 100)
    node.persist()
    passTime(node, 2, 3)
    node.change([1, 2, 4])
    expect(lastReason(node)).toBe('member 4 is no learner that has caught up')
    node.answer(4)
    node.change([1, 2, 4])
    expect(node.status.configuration.configuration).toEqual(members([1, 2, 4], [], [1, 2, 3]))
  })

  test('is left to the next leader when leadership is lost', () => {
    const node = leading()
    node.change([1, 2])
    node.hear(2, append({ term: 9 }))
    expect(outcomes(node)).toEqual([{ type: 'unknown' }])
  })

  test('that an older leader began is brought to its end by the next one', () => {
    const at = { index: logIndex(2), configuration: members([1, 2, 4], [], [1, 2, 3]) }
    const node = solo({ log: [1, 1], configurations: [at] })
    node.campaign()
    node.hear(2, voteReply(2, true))
    expect(node.status.role).toBe('leader')
    node.persist()
    node.answer(2)
    expect(node.status.commitIndex).toBe(3)
    expect(node.status.configuration).toEqual({ index: 4, configuration: members([1, 2, 4]) })
  })
})

describe('a leader that is removed', () => {
  /** Leads a change to the others alone, as far as the leaving entry. */
  function leaving(): Solo {
    const node = leading()
    node.change([2, 3])
    node.persist()
    node.answer(2, 3)
    expect(node.status.configuration.configuration).toEqual(members([2, 3]))
    return node
  }

  test('goes on leading until the leaving entry is committed, then steps down', () => {
    const node = leaving()
    node.propose(100)
    node.persist()
    expect(node.status).toMatchObject({ role: 'leader', commitIndex: 2 })
    node.answer(2)
    expect(node.status).toMatchObject({ role: 'leader', commitIndex: 2 })
    node.answer(3)
    expect(node.status).toMatchObject({ role: 'follower', commitIndex: 4, leader: 0 })
    expect(node.readies.at(-1)?.roleChange?.reason).toBe('this node was removed')
    expect(outcomes(node)).toEqual([{ type: 'changed', configuration: members([2, 3]) }])
  })

  test('does not count itself (thesis 4.2.2)', () => {
    const node = leaving()
    node.persist()
    node.answer(2)
    expect(node.status.commitIndex).toBe(2)
  })

  test('tells the others of the commit in the step in which it goes', () => {
    const node = leaving()
    node.answer(2, 3)
    const told = node.readies
      .at(-1)
      ?.send.flatMap(({ to, message }) =>
        message.type === 'append' ? [[Number(to), Number(message.commitIndex)]] : [],
      )
    expect(told).toContainEqual([3, 3])
  })

  test('asks to lead again while the others may need its log, without a vote of its own (figure 4.6)', () => {
    const left = [
      { index: logIndex(2), configuration: members([2, 3], [], [1, 2, 3]) },
      { index: logIndex(3), configuration: members([2, 3]) },
    ]
    const node = solo({ log: [1, 1, 1], configurations: left, applied: 2 })
    ask(node)
    node.hear(2, preVoteReply(2, true))
    expect(node.status.role).toBe('preCandidate')
    node.hear(3, preVoteReply(2, true))
    node.persist()
    node.hear(2, voteReply(2, true))
    node.hear(3, voteReply(2, true))
    expect(node.status.role).toBe('leader')
  })

  test('asks no more once it knows that it is gone', () => {
    const left = [{ index: logIndex(2), configuration: members([2, 3]) }]
    const node = solo({ log: [1, 1], configurations: left, applied: 2 })
    for (let at = 0; at < 5 * ELECTION_TICKS_MAX; at++) expect(node.tick()).toEqual([])
  })
})

describe('a removed member', () => {
  test('gets the log until its removal is committed, and hears of that', () => {
    const node = leading()
    node.change([1, 2])
    node.persist()
    node.answer(2, 3)
    node.persist()
    node.hear(3, matched(1, 3, node.roundTo(3)))
    expect(node.status.peers.map(({ peer }) => peer)).toEqual([2, 3])
    node.answer(2)
    const toThird = node.readies.at(-1)?.send.filter(({ to }) => to === 3)
    expect(toThird).toMatchObject([{ message: { type: 'append', commitIndex: 3 } }])
    expect(node.status.peers.map(({ peer }) => peer)).toEqual([2])
  })

  test('does not disturb: members in contact with a leader refuse its pre-votes and pass over its votes', () => {
    const node = solo({ log: [1], configurations: [{ index: logIndex(1), configuration: members([1, 2]) }] })
    node.hear(2, append({ term: 1, prev: [1, 1], commit: 1 }))
    expect(node.hear(3, preVote(8, 9, 7))).toEqual([{ type: 'preVoteReply', term: 1, granted: false }])
    expect(node.hear(3, vote(8, 9, 7))).toEqual([])
    expect(node.status).toMatchObject({ term: 1, leader: 2 })
  })

  test('does not disturb the leader itself either', () => {
    const node = leading()
    node.hear(9, vote(8, 9, 7))
    expect(node.status).toMatchObject({ role: 'leader', term: 1 })
  })
})
