/** A member's own state in one answer, for `dledger-cli status` and tests. */
import type { NodeId } from '../base/brand.ts'
import type { BrokerConfig } from '../base/config.ts'
import type { Clock } from '../base/ports.ts'
import type { Broker } from '../broker/broker.ts'
import type { KnownMembers } from '../dledger/known-members.ts'
import type { ScrubState } from '../dledger/scrub.ts'
import { PROGRAM_VERSION } from '../observe/version.ts'
import type { LogCondition, MemberStatus, PeerStatus } from '../rpc/admin-types.ts'
import type { Draft } from '../rpc/draft.ts'
import type { MemberStorage } from './storage.ts'

export interface MemberFacts {
  readonly config: BrokerConfig
  readonly storage: MemberStorage
  readonly broker: Broker
  readonly clock: Clock
  readonly startedMono: number
  readonly scrub: ScrubState
  /** Messages that the message index lacks yet. */
  readonly indexBehind: number
  readonly members: KnownMembers
  readonly connected: (peer: NodeId) => boolean
  /** Why a peer is refused or refuses this member, by peer. */
  readonly refusals: ReadonlyMap<NodeId, string>
  /** What is odd about the clients, in sentences: known on the leader only. */
  readonly clientWarnings: readonly string[]
}

export function describeMember(facts: MemberFacts): Draft<MemberStatus> {
  const { config, storage, broker, clock } = facts
  const raft = broker.ledger.status
  const digests = broker.machine.digests()
  const dedupe = broker.machine.dedupeWindow()
  const { freeBytes, totalBytes } = broker.diskGuard.space
  return {
    clusterId: storage.identity.identity.clusterId,
    group: config.group,
    id: config.id,
    role: broker.ledger.refusal === null ? raft.role : 'refused',
    term: raft.term,
    leaderId: raft.leader,
    lastIndex: raft.lastIndex,
    durableIndex: raft.durableIndex,
    commitIndex: raft.commitIndex,
    appliedIndex: broker.machine.appliedIndex,
    digests: [...digests.checkpoints, digests.applied],
    members: facts.members.members.map(({ id, client, peer, role, goal, replaces }) => ({
      id,
      clientEndpoint: client,
      peerEndpoint: peer,
      role,
      joining: role === 'learner' && goal === 'voter',
      replaces,
    })),
    peers: peerStates(facts),
    uptimeMs: Math.round(clock.mono() - facts.startedMono),
    diskFreeBytes: freeBytes,
    diskTotalBytes: totalBytes,
    logBytes: storage.log.end,
    version: PROGRAM_VERSION,
    processId: process.pid,
    problems: problemsOf(facts),
    dedupeIds: dedupe.ids,
    dedupeWindowMs: dedupe.oldestAgeMs,
    dedupeConflicts: dedupe.conflicts,
    memoryBytes: process.memoryUsage.rss(),
    dataFolder: config.dataFolder,
    logTimeMs: broker.now(),
    logCondition: logCondition(facts),
  }
}

function logCondition({ storage, broker, scrub }: MemberFacts): LogCondition {
  const { found, repaired, open } = storage.log.care.damage
  return {
    inDoubt: broker.ledger.status.doubtTerm !== null,
    damagedRecords: found,
    repairedRecords: repaired,
    openRecords: open,
    scrubPasses: scrub.passes,
    scrubbedBytes: scrub.bytes,
  }
}

/** The other members as this one sees them. */
export function peerStates(facts: MemberFacts): PeerStatus[] {
  const progress = new Map(facts.broker.ledger.status.peers.map((peer) => [peer.peer, peer]))
  return facts.members.members
    .filter((member) => member.id !== facts.config.id)
    .map(({ id }) => {
      const known = progress.get(id)
      return {
        id,
        connected: facts.connected(id),
        refusal: facts.refusals.get(id) ?? '',
        ...(known === undefined
          ? {}
          : { matchIndex: known.matchIndex, silentMs: known.silentTicks * facts.config.raft.tickMs }),
      }
    })
}

function problemsOf(facts: MemberFacts): string[] {
  const problems = [...facts.storage.problems]
  const { refusal } = facts.broker.ledger
  if (refusal !== null) problems.push(refusal)
  const { open } = facts.storage.log.care.damage
  if (open > 0)
    problems.push(`${open} records of the log are damaged and no other member could give them yet`)
  if (facts.broker.ledger.status.doubtTerm !== null) {
    problems.push('the end of the log was damaged: its vote counts only where all members vote')
  }
  problems.push(...ownStanding(facts), ...facts.clientWarnings)
  const { parked } = facts.broker.machine.transactionCounts
  if (parked > 0 && facts.broker.ledger.leading) {
    problems.push(`${parked} transactions were not ended by their producers: transaction list --parked`)
  }
  const { isOff, offsetMs } = facts.broker.clocks.state
  if (isOff) {
    problems.push(
      `the clock of this member differs from the majority's by ${offsetMs} ms and is not followed`,
    )
  }
  if (facts.broker.diskGuard.low) problems.push('the disk is nearly full: sends are refused')
  return problems
}

/** What is to be said of a member that does not belong to the group, yet or any more. */
function ownStanding({ members, config, storage }: MemberFacts): string[] {
  const id = config.id as NodeId
  if (members.isRemoved(id)) return ['this member was removed from the group: stop it for good']
  const isMember = members.members.some((member) => member.id === id)
  if (isMember || storage.identity.identity.members.length > 0) return []
  return ['this member waits to be made one of the group: member add, or member replace']
}
