/**
 * Changes of members, as the leader makes them by joint consensus (thesis 4.3): one entry joins the old and the
 * new voters, a second one leaves the old ones, appended by whoever leads when the first is committed. Learners
 * come and go by a single entry, since they decide nothing.
 */
import { assert } from '../base/assert.ts'
import type { NodeId } from '../base/brand.ts'
import type { Core, Leading } from './core.ts'
import { appendNext, followMembership, isCaughtUp } from './leader.ts'
import { configurationRecordBytes, isJoint, withoutOutgoing } from './membership.ts'
import { bestTarget } from './transfer.ts'
import type { Configuration, Target } from './types.ts'

/** Begins a change, or says why not. */
export function onChangeMembers(core: Core, target: Target): void {
  const { leading } = core
  if (leading === null) return core.out.changeEnded({ type: 'refused', reason: 'this node does not lead' })
  const reason = refusal(core, leading, target)
  if (reason !== null) return core.out.changeEnded({ type: 'refused', reason })
  const { current } = core.membership
  leading.change = target
  if (isSame(current, target)) return
  const votersStay = sameMembers(current.voters, target.voters)
  const votersOutgoing = votersStay ? [] : current.voters
  const { voters, learners, details } = target
  const configuration = { voters, votersOutgoing, learners }
  appendConfiguration(core, leading, details === undefined ? configuration : { ...configuration, details })
}

/** A joint configuration that is committed has served: the old voters are left behind. */
export function leaveJoint(core: Core, leading: Leading): void {
  const { latest, current } = core.membership
  if (!isJoint(current) || latest.index > core.commitIndex) return
  appendConfiguration(core, leading, withoutOutgoing(current))
}

/**
 * The newest configuration is committed and was sent: whom it leaves out gets nothing any more. If that is this
 * node, it leads no more (thesis 4.2.2), and the voter that has most of the log may stand at once.
 */
export function endChange(core: Core, leading: Leading): void {
  const { latest, current } = core.membership
  if (latest.index > core.commitIndex || isJoint(current)) return
  followMembership(core, leading)
  if (leading.change !== null) {
    assert(isSame(current, leading.change), 'a change leads where it was to lead')
    core.out.changeEnded({ type: 'changed', configuration: current })
    leading.change = null
  }
  if (core.isVoter) return
  const next = bestTarget(core, leading)
  if (next !== 0) core.out.send(next, { type: 'timeoutNow', term: core.term })
  core.becomeFollower(core.term, 0, 'this node was removed')
}

function appendConfiguration(core: Core, leading: Leading, configuration: Configuration): void {
  appendNext(core, { size: configurationRecordBytes(configuration), configuration }, false)
  followMembership(core, leading)
}

function refusal(core: Core, leading: Leading, target: Target): string | null {
  const { latest, current } = core.membership
  const { voters, learners } = target
  if (voters.length === 0) return 'a group needs a voter'
  const ids = [...voters, ...learners]
  if (new Set(ids).size < ids.length) return 'a member is named twice'
  if (ids.includes(0 as NodeId)) return 'no member has the id 0'
  if (isJoint(current) || latest.index > core.commitIndex) return 'another change is under way'
  if (leading.transfer !== null) return 'leadership is being handed over'
  // Otherwise an older leader's change may still be on its way to a majority (Ongaro 2015; thesis 4.1).
  if (core.log.termAt(core.commitIndex) !== core.term) return 'the leader has not committed in its term yet'
  const behind = voters.find((id) => !current.voters.includes(id) && !isCaughtUp(core, leading, id))
  if (behind !== undefined) return `member ${behind} is no learner that has caught up`
  return null
}

function isSame(configuration: Configuration, { voters, learners, details }: Target): boolean {
  if (!sameMembers(configuration.voters, voters)) return false
  return sameMembers(configuration.learners, learners) && sameDetails(configuration.details, details)
}

function sameDetails(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.byteLength === other.byteLength && one.every((byte, at) => byte === other[at])
}

function sameMembers(one: readonly NodeId[], other: readonly NodeId[]): boolean {
  return one.length === other.length && one.every((id) => other.includes(id))
}
