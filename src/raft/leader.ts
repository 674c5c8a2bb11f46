/**
 * A leader: appends, commits what a majority has on its disks, and gives up when it hears no majority or its
 * own disk stands still. What it sends, and when, is in `replication.ts`.
 */
import { assert } from '../base/assert.ts'
import { logIndex, type LogIndex, type NodeId } from '../base/brand.ts'
import type { Core, Leading } from './core.ts'
import { NOOP } from './noop.ts'
import { Progress } from './progress.ts'
import { majorityOf, majorityReached } from './quorum.ts'
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
  core.noteRole('a majority voted for this node')
  appendNext(core, NOOP, false)
}

/** Appends payloads in order. A node that does not lead refuses them all: nothing happened to them. */
export function onPropose(core: Core, payloads: readonly Payload[]): void {
  if (core.leading === null) {
    core.out.refuse(payloads)
    return
  }
  for (const payload of payloads) appendNext(core, payload, true)
}

/** A tick of a leader. Its time does not depend on its disk. */
export function tickLeader(core: Core, leading: Leading): void {
  const { options } = core
  leading.round++
  leading.heartbeatElapsed++
  if (leading.heartbeatElapsed >= options.heartbeatTicks) {
    leading.heartbeatElapsed = 0
    leading.heartbeatDue = true
  }
  if (core.peers.length === 0) return
  if (!hearsMajority(core, leading)) {
    core.becomeFollower(core.term, 0, 'no majority was heard for an election timeout')
  } else if (core.isDiskStalled(options.electionTicksMax)) {
    core.becomeFollower(core.term, 0, 'the disk stood still for an election timeout')
  }
}

/** The answer to an append. One of another term, or one that no append of this term can have, says nothing. */
export function onAppendReply(core: Core, from: NodeId, message: AppendReply): void {
  const { leading, log } = core
  const progress = leading?.progress.get(from)
  if (leading === null || progress === undefined || message.term !== core.term) return
  if (message.round > leading.round || message.index > log.lastIndex) return
  progress.heard(message.round)
  if (message.result === 'matched') progress.matched(message.index)
  else if (message.index > 0) progress.rejected(message.index, meetingPoint(log, message))
}

/**
 * Commits what a majority has on its disks, this node counting like any other (thesis 10.2.1). Only an entry
 * of this term commits by counting; all before it commit with it (thesis 3.6.2, figure 8).
 */
export function advanceCommit(core: Core, leading: Leading): void {
  const reached: LogIndex[] = [core.durability.durableIndex]
  for (const progress of leading.progress.values()) reached.push(progress.matchIndex)
  const index = majorityReached(reached)
  if (index > core.commitIndex && core.log.termAt(index) === core.term) core.commitTo(index)
}

/** Check-quorum: each peer counts whose last answer is to a round that is younger than an election timeout. */
function hearsMajority(core: Core, leading: Leading): boolean {
  let heard = 1
  for (const progress of leading.progress.values()) {
    if (leading.round - progress.heardRound < core.options.electionTicksMin) heard++
  }
  return heard >= majorityOf(core.voterCount)
}

function appendNext(core: Core, payload: Payload, proposed: boolean): void {
  core.append(logIndex(core.log.lastIndex + 1), core.term, payload, proposed)
}

function freshLeading(core: Core): Leading {
  const { inflightCountMax, inflightBytesMax } = core.options
  const nextIndex = logIndex(core.log.lastIndex + 1)
  const progress = new Map(
    core.peers.map((peer) => [peer, new Progress(peer, nextIndex, inflightCountMax, inflightBytesMax)]),
  )
  return { progress, round: 0, heartbeatElapsed: 0, heartbeatDue: false }
}
