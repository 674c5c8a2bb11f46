import { expect, test } from 'vitest'
import { logIndex, nodeId, term } from '../../src/base/brand.ts'
import { LogMetrics } from '../../src/dledger/log-metrics.ts'
import type { Role } from '../../src/raft/types.ts'

const change = (role: Role, leader: number) => ({
  role,
  term: term(1),
  leader: leader === 0 ? (0 as const) : nodeId(leader),
  reason: 'of the test',
})

test('an entry is timed from making to commit, from commit to apply, and as a whole', () => {
  const metrics = new LogMetrics()
  metrics.made(logIndex(1), 100)
  metrics.made(logIndex(2), 110)
  metrics.committedTo(logIndex(1), 130)
  metrics.appliedTo(logIndex(1), 135)
  metrics.committedTo(logIndex(2), 140)
  metrics.appliedTo(logIndex(2), 160)
  expect(metrics.quorumMs.sum).toBe(30 + 30)
  expect(metrics.applyMs.sum).toBe(5 + 20)
  expect(metrics.appendMs.sum).toBe(35 + 50)
  expect(metrics.entriesMade.value).toBe(2)
})

test('entries of a leader that lost its place are not timed to their end', () => {
  const metrics = new LogMetrics()
  metrics.made(logIndex(1), 100)
  metrics.roleChanged(change('follower', 0))
  metrics.committedTo(logIndex(5), 200)
  metrics.appliedTo(logIndex(5), 200)
  expect(metrics.appendMs.cumulative().at(-1)).toBe(0)
})

test('elections and changes of the leader are counted', () => {
  const metrics = new LogMetrics()
  for (const [role, leader] of [
    ['candidate', 0],
    ['leader', 1],
    ['follower', 0],
    ['follower', 2],
    ['follower', 0],
    ['follower', 2],
  ] as const) {
    metrics.roleChanged(change(role, leader))
  }
  expect(metrics.electionsBegun.value).toBe(1)
  expect(metrics.electionsWon.value).toBe(1)
  expect(metrics.leaderChanges.value).toBe(2)
})
