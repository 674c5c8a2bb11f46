/**
 * A log that forgets its beginning (thesis 5): a peer that needs what is forgotten is sent the machine's state instead.
 * The core says who needs one and decides on the other side whether one is taken; the shell moves the bytes.
 */
import type { LogIndex, NodeId } from '../base/brand.ts'
import type { Core } from './core.ts'
import { leaveLostTerm } from './doubt.ts'
import { follow } from './follower.ts'
import { isWhole } from './membership.ts'
import type { Progress } from './progress.ts'
import type { InstallSnapshot } from './types.ts'

/** Names a peer that needs a state at the base of this log or later, once. */
export function offerSnapshot(core: Core, progress: Progress): void {
  const { base } = core.log
  if (!progress.mustRestore(base.index)) return
  const mark = { ...base, configuration: core.membership.at(base.index) }
  core.out.send(progress.peer, { type: 'installSnapshot', term: core.term, mark })
}

/** A state was sent, or could not be. */
export function onSnapshotReported(core: Core, peer: NodeId, index: LogIndex, ok: boolean): void {
  if (index <= core.log.lastIndex) core.leading?.progress.get(peer)?.restored(index, ok)
}

/** Does the message say something that can be? */
export function isPossible({ term, mark }: InstallSnapshot): boolean {
  return mark.index >= 1 && mark.term >= 1 && mark.term <= term && isWhole(mark.configuration)
}

/**
 * The leader's state lies ready here. One that is not ahead of what is committed is passed over and answered. If the
 * log holds the very entry, the state says only that it is committed, and what follows stays. Else the log and the
 * state change places: what follows such a place in another log was never committed (thesis 5.3).
 */
export function onInstallSnapshot(core: Core, from: NodeId, { term, mark }: InstallSnapshot): void {
  leaveLostTerm(core, { term })
  if (term < core.term) return
  follow(core, from)
  const { following } = core
  if (mark.index > core.commitIndex) {
    if (core.log.matches(mark.index, mark.term)) core.commitTo(mark.index)
    else core.restore(mark)
  }
  // A leader has all that is committed.
  if (core.commitIndex > following.verifiedIndex) following.verifiedIndex = core.commitIndex
  following.ackDue = true
}
