/**
 * Handing leadership over (thesis 3.10): the leader takes no more proposals, brings the target up to date and asks
 * it to stand at once. If no election ends its term within an election timeout, it takes proposals again.
 */
import type { NodeId } from '../base/brand.ts'
import type { Core, Leading } from './core.ts'
import { startTransferVote } from './election.ts'
import type { TimeoutNow } from './types.ts'

/** Begins to hand over, or says why not. */
export function onTransfer(core: Core, to: NodeId | 0): void {
  const { leading } = core
  if (leading === null) return core.out.transferEnded({ type: 'refused', reason: 'this node does not lead' })
  const target = to === 0 ? bestTarget(core, leading) : to
  const reason = refusal(core, leading, target)
  if (reason !== null) return core.out.transferEnded({ type: 'refused', reason })
  if (target !== 0) beginTransfer(core, leading, target)
}

/** The target is a voter other than this node, and nobody else is being handed over to. */
export function beginTransfer(core: Core, leading: Leading, to: NodeId): void {
  leading.transfer = { to, sinceTick: core.ticks, isSent: false }
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

/** A tick of a leader that hands over: what takes too long is given up. */
export function tickTransfer(core: Core, leading: Leading): void {
  const { transfer } = leading
  if (transfer === null || core.ticks - transfer.sinceTick < core.options.electionTicksMin) return
  leading.transfer = null
  core.out.transferEnded({ type: 'givenUp', to: transfer.to })
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
