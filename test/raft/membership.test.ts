import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../src/base/assert.ts'
import { logIndex, nodeId } from '../../src/base/brand.ts'
import { describeEntries, describeStatus } from '../../src/raft/index.ts'
import { configurationRecordBytes, founding, Membership } from '../../src/raft/membership.ts'
import { leading, ask } from './groups.ts'
import {
  append,
  configurationEntry,
  ELECTION_TICKS_MAX,
  ELECTION_TICKS_MIN,
  members,
  nodes,
  preVoteReply,
  solo,
  vote,
  voteReply,
} from './solo.ts'

describe('a configuration', () => {
  test('counts as soon as it is appended, before it is durable or committed', () => {
    const node = leading()
    const ready = node.change([1, 2, 3], [4])
    expect(ready.configuration).toEqual({ index: 2, configuration: members([1, 2, 3], [4]) })
    expect(node.status.peers.map(({ peer }) => peer)).toEqual([2, 3, 4])
  })

  test('of a follower counts from its append and is rolled back by a cut', () => {
    const node = solo()
    const entry = configurationEntry(2, 1, members([1, 2, 4], [], [1, 2, 3]))
    node.hear(2, {
      ...append({ term: 1, terms: [1] }),
      entries: [...append({ term: 1, terms: [1] }).entries, entry],
    })
    expect(node.status.configuration).toMatchObject({
      index: 2,
      configuration: { votersOutgoing: [1, 2, 3] },
    })
    node.hear(3, append({ term: 2, prev: [1, 1], terms: [2] }))
    expect(node.status.configuration).toEqual(founding(nodes(3)))
    expect(node.readies.at(-1)?.configuration).toEqual(founding(nodes(3)))
  })

  test('that comes and goes within one step is not told', () => {
    const node = solo()
    const { entries } = append({ term: 1, terms: [1] })
    const entry = configurationEntry(2, 1, members([1, 2, 3], [4]))
    const ready = node.step(
      { type: 'message', from: nodeId(2), message: { ...append({ term: 1 }), entries: [...entries, entry] } },
      { type: 'message', from: nodeId(3), message: append({ term: 2, prev: [1, 1], terms: [2] }) },
    )
    expect(ready.configuration).toBeNull()
  })

  test('that recovery found counts after a restart', () => {
    const at = { index: logIndex(2), configuration: members([1, 2, 4], [5], [1, 2, 3]) }
    const node = solo({ log: [1, 1, 1], configurations: [at] })
    expect(node.status.configuration).toEqual(at)
    expect(describeStatus(node.status)).toBe(
      'follower t1, log 3, durable 3, commit 0; voters 1 2 4 with 1 2 3, learners 5 since 2',
    )
  })

  test('is told in words in the entries of a log', () => {
    const entry = configurationEntry(3, 2, members([1, 2, 4], [5], [1, 2, 3]))
    const text = describeEntries([...append({ term: 2, prev: [1, 1], terms: [2] }).entries, entry])
    expect(text).toBe('2/2 3/2 (voters 1 2 4 with 1 2 3, learners 5)')
    expect(entry.payload.size).toBe(configurationRecordBytes(members([1, 2, 4], [5], [1, 2, 3])))
  })

  test('takes its details into account in the size of its record', () => {
    const configuration = members([1, 2, 4], [5], [1, 2, 3])
    const plain = configurationRecordBytes(configuration)
    expect(configurationRecordBytes({ ...configuration, details: Uint8Array.of(1, 2, 3) })).toBe(plain + 3)
  })

  test('names nobody twice, and no voter as a learner', () => {
    const wrong = [members([1, 1]), members([1, 2], [2]), members([1], [3, 3]), members([], [], [1])]
    for (const configuration of wrong) {
      expect(() => new Membership([{ index: logIndex(0), configuration }])).toThrow(InvariantError)
    }
  })

  test('known to a list of configurations counts from its index on', () => {
    const two = { index: logIndex(5), configuration: members([1, 2]) }
    const three = { index: logIndex(9), configuration: members([1]) }
    const membership = new Membership([founding(nodes(3)), two, three])
    expect(membership.at(logIndex(4))).toEqual(members([1, 2, 3]))
    expect(membership.at(logIndex(5))).toEqual(members([1, 2]))
    expect(membership.previous).toEqual(members([1, 2]))
    membership.truncateFrom(logIndex(6))
    expect([membership.latest, membership.previous]).toEqual([two, members([1, 2, 3])])
    expect(() => membership.truncateFrom(logIndex(0))).toThrow(InvariantError)
  })
})

describe('learners', () => {
  test('get the log and never count: neither for committing nor for hearing a majority', () => {
    const node = leading()
    node.change([1, 2, 3], [4, 5])
    node.persist()
    node.answer(4, 5)
    expect(node.status.commitIndex).toBe(1)
    for (let at = 0; at < 3 * ELECTION_TICKS_MIN && node.status.role === 'leader'; at++) {
      node.tick()
      if (node.status.role === 'leader') node.answer(4, 5)
    }
    expect(node.status.role).toBe('follower')
  })

  test('never ask to lead, and forget a leader that is silent', () => {
    const node = solo({
      configurations: [{ index: logIndex(1), configuration: members([2, 3], [1]) }],
      log: [1],
      applied: 1,
    })
    node.hear(2, append({ term: 1, prev: [1, 1] }))
    expect(node.status.leader).toBe(2)
    for (let at = 0; at < 5 * ELECTION_TICKS_MAX; at++) expect(node.tick()).toEqual([])
    expect(node.status).toMatchObject({ role: 'follower', leader: 0, term: 1 })
  })

  test('have no say in an election, whatever they answer', () => {
    const node = solo({
      configurations: [{ index: logIndex(1), configuration: members([1, 2, 3], [4, 5]) }],
      log: [1],
    })
    ask(node)
    node.hear(4, preVoteReply(2, true))
    node.hear(5, preVoteReply(2, true))
    expect(node.status.role).toBe('preCandidate')
  })

  test('vote when they are asked: who asks may count them by a newer configuration', () => {
    const node = solo({
      configurations: [{ index: logIndex(1), configuration: members([2, 3], [1]) }],
      log: [1],
    })
    node.hear(2, vote(2, 9, 1))
    expect(node.persist()).toEqual([{ type: 'voteReply', term: 2, granted: true }])
  })

  test('that know nobody yet take the log of whoever leads', () => {
    const node = solo({ id: 4, voters: 0 })
    for (let at = 0; at < 5 * ELECTION_TICKS_MAX; at++) expect(node.tick()).toEqual([])
    node.hear(2, append({ term: 1, terms: [1] }))
    expect(node.persist()).toMatchObject([{ type: 'appendReply', result: 'matched', index: 1 }])
    expect(describeStatus(node.status)).toBe('follower t1, log 1, durable 1, commit 0')
  })
})

describe('votes', () => {
  test('of both sets are needed while the configuration is joint', () => {
    const joint = { index: logIndex(1), configuration: members([1, 4, 5], [], [1, 2, 3]) }
    const node = solo({ configurations: [joint], log: [1] })
    ask(node)
    for (const peer of [2, 3]) node.hear(peer, preVoteReply(2, true))
    expect(node.status.role).toBe('preCandidate')
    node.hear(4, preVoteReply(2, true))
    expect(node.status.role).toBe('candidate')
    node.persist()
    for (const peer of [4, 5]) node.hear(peer, voteReply(2, true))
    expect(node.status.role).toBe('candidate')
    node.hear(2, voteReply(2, true))
    expect(node.status.role).toBe('leader')
  })

  test('are given to a candidate that this node’s configuration does not name (thesis 4.1)', () => {
    const node = solo()
    node.hear(9, vote(2, 5, 1))
    expect(node.persist()).toEqual([{ type: 'voteReply', term: 2, granted: true }])
  })

  test('are asked of the voters of the newest configuration, which is not committed yet', () => {
    const node = solo({
      configurations: [{ index: logIndex(1), configuration: members([1, 2, 4], [], [1, 2, 3]) }],
      log: [1],
    })
    ask(node)
    const asked = node.readies.flatMap(({ send }) => send.map(({ to }) => Number(to)))
    expect(asked.toSorted((a, b) => a - b)).toEqual([2, 3, 4])
  })
})
