/**
 * The rules that hold after every step, whatever came in. They are cheap and always on: a node that breaks
 * one is not to be trusted any more and stops.
 */
import { assert } from '../base/assert.ts'
import type { LogIndex, NodeId, Term } from '../base/brand.ts'
import type { Core } from './core.ts'
import { votersOf } from './membership.ts'

/** What must not go back from one step to the next. */
export interface Mark {
  readonly term: Term
  readonly votedFor: NodeId | 0
  readonly commitIndex: LogIndex
  readonly applyTo: LogIndex
}

export function markOf(core: Core): Mark {
  const { term, votedFor, commitIndex, applyTo } = core
  return { term, votedFor, commitIndex, applyTo }
}

/** Checks the state after a step against itself and against the step before. */
export function checkInvariants(core: Core, before: Mark): void {
  const { log, durability, commitIndex } = core
  const durableIndex = durability.durableIndex
  assert(core.term >= before.term, 'the term never goes back', { term: core.term, before: before.term })
  assert(commitIndex >= before.commitIndex, 'the commit index never goes back', { commitIndex })
  assert(core.applyTo >= before.applyTo, 'what may be applied never goes back', { applyTo: core.applyTo })
  assert(commitIndex <= log.lastIndex, 'what is committed is in the log', { commitIndex })
  assert(log.base.index <= commitIndex, 'what is forgotten is committed', { base: log.base.index })
  assert(durableIndex <= log.lastIndex, 'what is durable is in the log', { durableIndex })
  assert(log.lastTerm <= core.term, 'no entry is of a later term', { lastTerm: log.lastTerm })
  if (core.term === before.term && before.votedFor !== 0) {
    assert(core.votedFor === before.votedFor, 'a vote stands for its term', { votedFor: core.votedFor })
  }
  assert(core.membership.latest.index <= log.lastIndex, 'the configuration is in the log')
  checkRole(core)
}

function checkRole(core: Core): void {
  const asks = core.role === 'preCandidate' || core.role === 'candidate'
  assert((core.ballot !== null) === asks, 'votes are counted by who asks for them', { role: core.role })
  assert((core.leading !== null) === (core.role === 'leader'), 'who leads keeps progress', {
    role: core.role,
  })
  if (core.role === 'follower') {
    assert(core.leader !== core.id, 'nobody follows itself')
    assert(core.following.verifiedIndex <= core.log.lastIndex, 'what was verified is in the log')
  }
  if (asks) assert(core.leader === 0, 'who asks for votes knows no leader', { leader: core.leader })
  if (core.role === 'candidate') assert(core.votedFor === core.id, 'a candidate votes for itself')
  if (core.leading !== null) checkLeader(core, core.leading)
}

function checkLeader(core: Core, leading: NonNullable<Core['leading']>): void {
  assert(core.leader === core.id && core.votedFor === core.id, 'a leader voted for itself')
  assert(core.hardStateDurable, 'a leader has its term on the disk')
  assert(core.log.lastTerm === core.term, 'a leader has an entry of its term')
  for (const voter of votersOf(core.membership.current)) {
    assert(voter === core.id || leading.progress.has(voter), 'every voter gets the log', { voter })
  }
  assert(leading.transfer?.to !== core.id, 'nobody hands over to itself')
  assert(!leading.progress.has(core.id), 'nobody replicates to itself')
  for (const progress of leading.progress.values()) {
    const { matchIndex, nextIndex, peer } = progress
    assert(matchIndex < nextIndex, 'match is before next', { peer, matchIndex, nextIndex })
    assert(nextIndex > core.log.base.index, 'what is forgotten is not sent', { peer, nextIndex })
    assert(nextIndex <= core.log.lastIndex + 1, 'next is at most one after the log', { peer, nextIndex })
    assert(progress.state === 'replicate' || progress.inflightCount === 0, 'a probe has no window', { peer })
    assert(progress.heardRound <= leading.rounds.current, 'answers are to past rounds', { peer })
  }
}
