/**
 * A follower: checks and takes what its leader appends, and answers what is durable (thesis 3.5). Answers of
 * one step are one message.
 */
import { assert } from '../base/assert.ts'
import { logIndex, term, type NodeId } from '../base/brand.ts'
import type { Core } from './core.ts'
import { leaveLostTerm } from './doubt.ts'
import { isWhole } from './membership.ts'
import type { AppendIn, Entry } from './types.ts'

/** Does the message say something that a log can hold? Bytes of a peer are refused, not asserted. */
export function isWellFormed(message: AppendIn): boolean {
  let index: number = message.prevIndex
  let last: number = message.prevTerm
  for (const entry of message.entries) {
    if (entry.index !== ++index || entry.term < last) return false
    const { configuration } = entry.payload
    if (configuration !== undefined && !isWhole(configuration)) return false
    last = entry.term
  }
  const isStart = message.prevIndex === 0
  return last <= message.term && isStart === (message.prevTerm === 0)
}

/** An append of this node's own term or of an older one. The caller has entered a later one before. */
export function onAppend(core: Core, from: NodeId, message: AppendIn): void {
  leaveLostTerm(core, message)
  if (message.term < core.term) {
    refuseAppend(core, from, message)
    return
  }
  follow(core, from)
  const { following, log } = core
  if (message.round > following.round) following.round = message.round
  if (!log.matches(message.prevIndex, message.prevTerm)) {
    assert(message.prevIndex > core.commitIndex, 'a leader has every committed entry', {
      prevIndex: message.prevIndex,
      prevTerm: message.prevTerm,
      commitIndex: core.commitIndex,
    })
    refuseAppend(core, from, message)
    return
  }
  takeEntries(core, message.entries)
  // A leader has all that is committed, also what stands behind this message.
  if (core.commitIndex > following.verifiedIndex) following.verifiedIndex = core.commitIndex
  const verified = logIndex(message.prevIndex + message.entries.length)
  if (verified > following.verifiedIndex) following.verifiedIndex = verified
  // Only what this message proved equal: the rest of this log may be another leader's (thesis 3.5).
  const commit = message.commitIndex < verified ? message.commitIndex : verified
  if (commit > core.commitIndex) core.commitTo(commit)
  const nothingToWaitFor = message.entries.length === 0 || verified <= core.durability.durableIndex
  if (nothingToWaitFor) following.ackDue = true
}

/** More of the log became durable: the leader hears of it, as far as it is the leader's. */
export function onFollowerPersisted(core: Core): void {
  const { following } = core
  if (core.role === 'follower' && ackIndex(core) > following.ackedIndex) following.ackDue = true
}

/** The end of a step: answers the leader, if an answer is due and the term is durable. */
export function answerLeader(core: Core): void {
  const { following, leader } = core
  if (core.role !== 'follower' || leader === 0) return
  if (!following.ackDue || !core.hardStateDurable) return
  following.ackDue = false
  following.ackedIndex = ackIndex(core)
  core.out.send(leader, {
    type: 'appendReply',
    term: core.term,
    round: following.round,
    result: 'matched',
    index: following.ackedIndex,
    hintIndex: logIndex(0),
    hintTerm: term(0),
  })
}

/** Durable here and equal to the leader's log. */
function ackIndex(core: Core): Core['commitIndex'] {
  const durable = core.durability.durableIndex
  const verified = core.following.verifiedIndex
  return durable < verified ? durable : verified
}

/** The leader of this term was heard. */
export function follow(core: Core, from: NodeId): void {
  assert(core.role !== 'leader', 'a term has one leader', { term: core.term, other: from })
  assert(core.leader === 0 || core.leader === from, 'a term has one leader', { term: core.term, other: from })
  if (core.role !== 'follower' || core.leader === 0)
    core.becomeFollower(core.term, from, 'a leader was heard')
  core.electionElapsed = 0
}

/**
 * Takes what is new. Only a real conflict, another term at the same index, cuts the log: a shorter or late
 * message proves nothing about what follows it (thesis 3.5).
 */
function takeEntries(core: Core, entries: readonly Entry[]): void {
  let known = 0
  for (const entry of entries) {
    if (!core.log.matches(entry.index, entry.term)) break
    known++
  }
  const firstNew = entries[known]
  if (firstNew === undefined) return
  if (firstNew.index <= core.log.lastIndex) core.truncateFrom(firstNew.index)
  for (let at = known; at < entries.length; at++) {
    const entry = entries[at]
    if (entry !== undefined) core.append(entry.index, entry.term, entry.payload, false)
  }
}

/**
 * Tells the sender where to look next: the last place at which this log may still agree with one that has
 * `prevTerm` at `prevIndex`. Entries of higher terms than that cannot be in it. So each answer skips at least
 * one term (thesis 3.5, end). To an older leader it only shows the term.
 */
function refuseAppend(core: Core, to: NodeId, message: AppendIn): void {
  const { log } = core
  const meet = log.lastAtMost(message.prevIndex, message.prevTerm)
  const hintIndex = meet < core.commitIndex ? core.commitIndex : meet
  core.out.sendWhenDurable(
    to,
    {
      type: 'appendReply',
      term: core.term,
      round: message.round,
      result: 'rejected',
      index: message.prevIndex,
      hintIndex,
      hintTerm: log.termAt(hintIndex),
    },
    core.hardStateDurable,
  )
}
