/** What the judge of `status` makes of made-up facts. */
import { describe, expect, test } from 'vitest'
import type { GroupVerdict, MemberFacts } from '../../src/cli/status-facts.ts'
import { worstOf } from '../../src/cli/status-facts.ts'
import { judgeGroup, LAG_ENTRIES_MAX } from '../../src/cli/status-judge.ts'
import { down, peersOf, up } from './made-up.ts'

function judge(...members: readonly MemberFacts[]): GroupVerdict {
  return judgeGroup({ group: 'broker-0', members })
}

function damaged(id: number): MemberFacts {
  return up(id, { digests: [{ index: 2_060, digest: 'ffff000000000003' }] })
}

describe('healthy', () => {
  test('three members that agree are healthy and one of them may fail', () => {
    const verdict = judge(up(1), up(2), up(3))
    expect(verdict).toMatchObject({ verdict: 'healthy', reasons: [], advice: [], leaderId: 1, term: 2 })
    expect(verdict.summary).toBe('3 of 3 members answer, 1 more may fail, member 1 leads in term 2')
  })

  test('a learner counts for nothing that has to do with votes', () => {
    const members = [1, 2, 3, 4].map((id) => {
      const role = id === 4 ? 'learner' : 'voter'
      return { id, clientEndpoint: '', peerEndpoint: '', role, joining: false, replaces: 0 }
    })
    const four = judge(up(1, { members }), up(2, { members }), up(3, { members }), up(4, { members }))
    expect(four.summary).toBe('4 of 4 members answer, 1 more may fail, member 1 leads in term 2')
    const two = judge(up(1, { members }), up(2, { members }), down(3), down(4))
    expect(two.verdict).toBe('degraded')
    expect(two.summary).toBe('2 of 4 members answer, 0 more may fail, member 1 leads in term 2')
  })

  test('a single member that leads is healthy', () => {
    expect(judge(up(1, { peers: [] })).verdict).toBe('healthy')
  })

  test('a small lag and digests at different indexes are healthy', () => {
    const behind = up(2, { appliedIndex: 2_055, digests: [{ index: 2_055, digest: 'bbbb' }] })
    expect(judge(up(1), behind, up(3)).verdict).toBe('healthy')
  })
})

describe('degraded', () => {
  test.each<[string, readonly MemberFacts[], RegExp]>([
    [
      'a dead member',
      [up(1), up(2), down(3)],
      /member 3 \(127\.0\.0\.1:8083\) does not answer: connection refused/,
    ],
    [
      'a member with a problem',
      [up(1), up(2, { problems: ['the disk is full'] }), up(3)],
      /member 2 .*the disk is full/,
    ],
    [
      'a member far behind',
      [up(1), up(2), up(3, { appliedIndex: 2_060 - LAG_ENTRIES_MAX - 1 })],
      /member 3 .* 1001 entries behind/,
    ],
    [
      'a member without a leader',
      [up(1), up(2), up(3, { leaderId: 0, role: 'candidate' })],
      /member 3 .* knows no leader/,
    ],
    ['a refused member', [up(1), up(2), up(3, { role: 'refused' })], /member 3 .* is refused/],
    [
      'a member of another cluster',
      [up(1), up(2), up(3, { clusterId: 'c2' })],
      /member 3 .* another cluster/,
    ],
    [
      'a leader that only its followers reach',
      [down(1, 'no answer'), up(2), up(3)],
      /member 1 .* does not answer/,
    ],
    [
      'different digests',
      [up(1), damaged(2), up(3)],
      /state of member 2 .* differs from the majority at index 2060/,
    ],
    [
      'two members that differ',
      [up(1), damaged(2), down(3)],
      /member 1 .* and member 2 .* no majority tells/,
    ],
  ])('%s makes the group degraded and is named', (_, members, reason) => {
    const verdict = judge(...members)
    expect(verdict.verdict).toBe('degraded')
    expect(verdict.reasons).toContainEqual(expect.stringMatching(reason))
  })

  test('only the member whose digest differs from the majority is blamed', () => {
    const reasons = judge(up(1), up(2), damaged(3)).reasons
    expect(reasons).toHaveLength(1)
    expect(reasons[0]).toContain('member 3')
  })

  test('a refused connection between peers is told once in the words of the member', () => {
    const refusal = { id: 3, connected: false, refusal: 'its folder was replaced' }
    const verdict = judge(
      up(1),
      up(2, { peers: [{ ...refusal, id: 1, connected: true, refusal: '' }, refusal] }),
      up(3),
    )
    expect(verdict.reasons).toEqual(['member 2 (127.0.0.1:8082) and member 3: its folder was replaced'])
  })
})

describe('no leader', () => {
  test.each<[string, readonly MemberFacts[], RegExp]>([
    [
      'candidates only',
      [up(2, { role: 'candidate', leaderId: 0 }), up(3, { leaderId: 0 }), down(1)],
      /no member leads/,
    ],
    ['a lone follower', [down(1), down(2), up(3, { leaderId: 0 })], /no member leads/],
    [
      'a leader that is cut off',
      [up(1, peersOf(1, [])), down(2), down(3)],
      /member 1 leads, but only 1 of the 2/,
    ],
    [
      'followers of a leader that just died',
      [down(1), up(2, peersOf(2, [3])), up(3, peersOf(3, [2]))],
      /member 1, the last leader, is gone/,
    ],
  ])('%s means that nothing can be written', (_, members, reason) => {
    const verdict = judge(...members)
    expect(verdict.verdict).toBe('no leader')
    expect(verdict.reasons[0]).toMatch(reason)
    expect(verdict.leaderId).toBe(0)
    expect(verdict.advice).not.toEqual([])
  })

  test('a leader of an older term does not count', () => {
    const verdict = judge(
      up(1),
      up(2, { term: 3, leaderId: 0, role: 'candidate' }),
      up(3, { term: 3, leaderId: 0 }),
    )
    expect(verdict.verdict).toBe('no leader')
  })

  test('too few members are told how many to start', () => {
    expect(judge(down(1), down(2), up(3, { leaderId: 0 })).advice[0]).toContain(
      'start at least 1 more of the 3',
    )
  })
})

describe('unreachable', () => {
  test('a group of which nobody answers is unreachable, with the error of each', () => {
    const verdict = judge(down(1), down(2, 'no answer within 1.5 s'), down(3))
    expect(verdict.verdict).toBe('unreachable')
    expect(verdict.reasons).toContain('member 2 (127.0.0.1:8082): no answer within 1.5 s')
  })
})

test('the worst group decides, and no group at all is unreachable', () => {
  expect(worstOf(['healthy', 'no leader', 'degraded'])).toBe('no leader')
  expect(worstOf([])).toBe('unreachable')
})
