/**
 * Handing leadership over (thesis 3.10): the leader takes no more proposals, brings the target up to date and asks
 * it to stand at once. If no election ends its term within an election timeout, it takes proposals again.
 *
 * A leader also hands over by itself to a voter that is preferred to it. A priority is a wish: it never keeps a
 * voter from standing, since of two that live the less wanted one may be the only one that has what is committed.
 */
import type { NodeId } from '../base/brand.ts'
import type { Core, Leading } from './core.ts'
import { startTransferVote } from './election.ts'
import { isCaughtUp } from './leader.ts'
import { isJoint } from './membership.ts'
import type { TimeoutNow } from './types.ts'

/**
 * After a hand-over to a preferred voter that failed, so many election timeouts pass until the next: each costs a
 * pause of the proposals.
 */
const PREFER_PAUSE = 16

/** Begins to hand over, or says why not. */
export function onTransfer(core: Core, to: NodeId | 0): void {
  const { leading } = core
  if (leading === null) return core.out.transferEnded({ type: 'refused', reason: 'this node does not lead' })
  const target = to === 0 ? bestTarget(core, leading) : to
  const reason = refusal(core, leading, target)
  if (reason !== null) return core.out.transferEnded({ type: 'refused', reason })
  if (target !== 0) leading.transfer = { to: target, isOwn: false, sinceTick: core.ticks, isSent: false }
}

/** The voter that answers and has most of the log; 0 when nobody answers. The first of several equal ones. */
export function bestTarget(core: Core, leading: Leading): NodeId | 0 {
  let best: NodeId | 0 = 0
  let bestIndex = -1
  for (const voter of core.membership.current.voters) {
    const progress = leading.progress.get(voter)
    if (progress === undefined || progress.matchIndex <= bestIndex) continue
    if (!leading.rounds.isRecent(progress.heardRound)) continue
    best = voter
    bestIndex = progress.matchIndex
  }
  return best
}

/** A tick of a leader: a hand-over that takes too long is given up, and one to a preferred voter may begin. */
export function tickTransfer(core: Core, leading: Leading): void {
  const { transfer } = leading
  if (transfer === null) return handToPreferred(core, leading)
  if (core.ticks - transfer.sinceTick < core.options.electionTicksMin) return
  leading.transfer = null
  if (transfer.isOwn) leading.preferAtTick = core.ticks + PREFER_PAUSE * core.options.electionTicksMax
  else core.out.transferEnded({ type: 'givenUp', to: transfer.to })
}

/** Once an election timeout the leader looks for a preferred voter that has caught up and has a group at rest. */
function handToPreferred(core: Core, leading: Leading): void {
  const { priorities, electionTicksMax } = core.options
  if (priorities === undefined || core.ticks < leading.preferAtTick) return
  leading.preferAtTick = core.ticks + electionTicksMax
  const { latest, current } = core.membership
  if (isJoint(current) || latest.index > core.commitIndex) return
  let preferred: NodeId = core.id
  for (const voter of current.voters) {
    const isHigher = (priorities.get(voter) ?? 0) > (priorities.get(preferred) ?? 0)
    if (isHigher && isCaughtUp(core, leading, voter)) preferred = voter
  }
  if (preferred === core.id) return
  leading.transfer = { to: preferred, isOwn: true, sinceTick: core.ticks, isSent: false }
}

/** The end of a step: the target is told as soon as it has everything. */
export function advanceTransfer(core: Core, leading: Leading): void {
  const { transfer } = leading
  if (transfer === null || transfer.isSent) return
  if (leading.progress.get(transfer.to)?.matchIndex !== core.log.lastIndex) return
  transfer.isSent = true
  core.out.send(transfer.to, { type: 'timeoutNow', term: core.term })
}

/** The leader of this term wants this node to lead: it asks for votes at once. */
export function onTimeoutNow(core: Core, from: NodeId, message: TimeoutNow): void {
  const isWanted = message.term === core.term && core.role === 'follower' && core.leader === from
  if (!isWanted || !core.isVoter || core.isDiskStalled(core.options.electionTicksMin)) return
  startTransferVote(core)
}

function refusal(core: Core, leading: Leading, target: NodeId | 0): string | null {
  if (leading.transfer !== null) return 'leadership is already being handed over'
  if (target === 0) return 'no other voter answers'
  if (target === core.id) return 'this node leads already'
  if (!core.membership.current.voters.includes(target)) return `member ${target} is no voter`
  return null
}
