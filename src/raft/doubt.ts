/**
 * A node in doubt: its log may lack entries that it acknowledged in terms up to `doubtTerm`, because the end of
 * its log was damaged and cut. It does not know which. What holds for it (docs/decisions/0014):
 *
 * - Its vote, also for itself, is marked. A candidate wins by a majority of votes without the mark, or by the
 *   votes of all (quorum.ts).
 * - It follows no leader of a term in which its acknowledgements may be lost: that leader counts them. It goes on
 *   to the next term instead, which makes the leader give up and somebody be elected again.
 * - The doubt ends when an entry of a later term is durable here that the leader verified, or that this node
 *   wrote as a leader: who was elected in that term had all that was committed before it, and now so has this node.
 */
import type { LogIndex } from '../base/brand.ts'
import { type Core, nextTerm } from './core.ts'
import type { AppendIn } from './types.ts'

/** Leaves the term of a leader that may count on what was lost. Its message is of an old term then. */
export function leaveLostTerm(core: Core, message: Pick<AppendIn, 'term'>): void {
  if (core.doubtTerm === null || message.term !== core.term || core.term > core.doubtTerm) return
  core.becomeFollower(nextTerm(core.term), 0, 'what was acknowledged in this term may be lost')
}

/** The end of a step: is the doubt over? */
export function settleDoubt(core: Core): void {
  if (core.doubtTerm === null) return
  const proven = provenIndex(core)
  // What is forgotten was there before the damage, or the state that replaces it is not on the disk yet.
  if (proven < core.log.base.index) return
  if (core.log.termAt(proven) > core.doubtTerm) core.doubtTerm = null
}

/** Durable here and in the log of the leader of this term. */
function provenIndex(core: Core): LogIndex {
  const durable = core.durability.durableIndex
  if (core.role === 'leader') return durable
  const verified = core.following.verifiedIndex
  return durable < verified ? durable : verified
}
