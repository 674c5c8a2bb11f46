/**
 * A leader: appends, commits what a majority has on its disks, and gives up when it hears no majority or its
 * own disk stands still. What it sends, and when, is in `replication.ts`.
 */
import { assert } from '../base/assert.ts'
import { logIndex, type NodeId } from '../base/brand.ts'
import type { Core, Leading } from './core.ts'
import { votersOf } from './membership.ts'
import { NOOP } from './noop.ts'
import { Progress } from './progress.ts'
import { quorumReached } from './quorum.ts'
import { Rounds } from './rounds.ts'
import { meetingPoint } from './replication.ts'
import type { AppendReply, Payload } from './types.ts'

/** A majority voted. The first entry of the term is empty: by it, earlier terms' entries commit (6.4). */
export function becomeLeader(core: Core): void {
  assert(core.role === 'candidate' && core.votedFor === core.id, 'a leader was a candidate')
  assert(core.hardStateDurable, 'a leader has its term on the disk')
  core.role = 'leader'
  core.leader = core.id
  core.ballot = null
  core.leading = freshLeading(core)
  followMembership(core, core.leading)
  core.noteRole('a majority voted for this node')
  appendNext(core, NOOP, false)
}

/**
 * Appends payloads in order. A node that does not lead, or is about to hand over, refuses them all: nothing
 * happened to them.
 */
export function onPropose(core: Core, payloads: readonly Payload[]): void {
  if (core.leading === null || core.leading.transfer !== null) {
    core.out.refuse(payloads)
    return
  }
  for (const payload of payloads) appendNext(core, payload, true)
}

/** A tick of a leader. Its time does not depend on its disk. */
export function tickLeader(core: Core, leading: Leading): void {
  const { options } = core
  leading.rounds.tick()
  leading.heartbeatElapsed++
  if (leading.heartbeatElapsed >= options.heartbeatTicks) {
    leading.heartbeatElapsed = 0
    leading.heartbeatDue = true
  }
  if (leading.rounds.ticks % options.electionTicksMin === 0) {
    leading.caughtUpIndex = leading.recentIndex
    leading.recentIndex = core.log.lastIndex
  }
  if (!hearsMajority(core, leading)) {
    core.becomeFollower(core.term, 0, 'no majority was heard for an election timeout')
  } else if (leading.progress.size > 0 && core.isDiskStalled(options.electionTicksMax)) {
    core.becomeFollower(core.term, 0, 'the disk stood still for an election timeout')
  }
}

/** The answer to an append. One of another term, or one that no append of this term can have, says nothing. */
export function onAppendReply(core: Core, from: NodeId, message: AppendReply): void {
  const { leading, log } = core
  const progress = leading?.progress.get(from)
  if (leading === null || progress === undefined || message.term !== core.term) return
  if (message.round > leading.rounds.current || message.index > log.lastIndex) return
  progress.heard(message.round, leading.rounds.ticks)
  if (message.result === 'matched') progress.matched(message.index)
  else if (message.index > 0) progress.rejected(message.index, meetingPoint(log, message))
}

/**
 * Commits what a majority has on its disks, this node counting like any other (thesis 10.2.1). Only an entry
 * of this term commits by counting; all before it commit with it (thesis 3.6.2, figure 8).
 */
export function advanceCommit(core: Core, leading: Leading): void {
  const { durableIndex } = core.durability
  const index = quorumReached(core.membership.current, (voter) =>
    voter === core.id ? durableIndex : (leading.progress.get(voter)?.matchIndex ?? 0),
  )
  if (index > core.commitIndex && core.log.termAt(logIndex(index)) === core.term) {
    core.commitTo(logIndex(index))
  }
}

/**
 * Replicates to everybody who belongs to the group. Whom the newest configuration leaves out gets the log until
 * that configuration is committed, so that a removed member hears of it as long as it listens.
 */
export function followMembership(core: Core, leading: Leading): void {
  const { latest, current, previous } = core.membership
  const targets = new Set([...votersOf(current), ...current.learners])
  if (previous !== null && latest.index > core.commitIndex) {
    for (const id of [...votersOf(previous), ...previous.learners]) targets.add(id)
  }
  targets.delete(core.id)
  for (const id of leading.progress.keys()) if (!targets.has(id)) leading.progress.delete(id)
  const { inflightCountMax, inflightBytesMax } = core.options
  const nextIndex = logIndex(core.log.lastIndex + 1)
  for (const id of targets) {
    if (leading.progress.has(id)) continue
    leading.progress.set(id, new Progress(id, nextIndex, inflightCountMax, inflightBytesMax))
  }
}

/**
 * Does a peer answer, and does it have what the log held an election timeout ago? Then it is not behind for longer
 * than an election takes, which is what a new voter must show (thesis 4.2.1).
 */
export function isCaughtUp(core: Core, leading: Leading, id: NodeId): boolean {
  const progress = leading.progress.get(id)
  if (progress === undefined || progress.state !== 'replicate') return false
  return leading.rounds.isRecent(progress.heardRound) && progress.matchIndex >= leading.caughtUpIndex
}

/** Check-quorum: each peer counts whose last answer is to a round that is younger than an election timeout. */
function hearsMajority(core: Core, leading: Leading): boolean {
  const heard = quorumReached(core.membership.current, (voter) =>
    voter === core.id ? leading.rounds.current : (leading.progress.get(voter)?.heardRound ?? 0),
  )
  return leading.rounds.isRecent(heard)
}

/** Appends the next entry. `proposed`: its payload came in as a proposal. */
export function appendNext(core: Core, payload: Payload, proposed: boolean): void {
  core.append(logIndex(core.log.lastIndex + 1), core.term, payload, proposed)
}

function freshLeading(core: Core): Leading {
  const { lastIndex } = core.log
  return {
    progress: new Map(),
    change: null,
    transfer: null,
    preferAtTick: core.ticks + core.options.electionTicksMax,
    rounds: new Rounds(core.options.electionTicksMin),
    reads: { waiting: [], asking: null },
    heartbeatElapsed: 0,
    heartbeatDue: false,
    caughtUpIndex: lastIndex,
    recentIndex: lastIndex,
  }
}
