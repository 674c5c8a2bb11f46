/**
 * The state that all roles share, and the few changes of it that keep its rules: entering a term, becoming a
 * follower, appending, cutting, committing. The roles (`follower.ts`, `election.ts`, `leader.ts`) are functions
 * over it; `raft.ts` alone calls them.
 */
import { assert } from '../base/assert.ts'
import { logIndex, term, type LogIndex, type NodeId, type Term } from '../base/brand.ts'
import { Prng } from '../base/prng.ts'
import { Durability } from './durability.ts'
import { Log } from './log.ts'
import { founding, isVoterOf, Membership } from './membership.ts'
import type { Progress } from './progress.ts'
import type { Ballot } from './quorum.ts'
import { ReadyBuilder } from './ready.ts'
import type { Rounds } from './rounds.ts'
import type {
  ConfigurationAt,
  Payload,
  RaftOptions,
  Ready,
  Role,
  SnapshotMark,
  Target,
  Write,
} from './types.ts'

/** What a follower knows of the leader of its term. Begins anew with each term. */
export interface Following {
  /** Everything up to here equals the leader's log, as its messages in this term proved. */
  verifiedIndex: LogIndex
  /** The last index that was answered. */
  ackedIndex: LogIndex
  /** The latest round heard of, to be echoed. */
  round: number
  /** An answer goes out at the end of the step, or as soon as the term is durable. */
  ackDue: boolean
}

/** A hand-over of leadership. */
export interface Transfer {
  readonly to: NodeId
  /** Nobody asked for it: the target is preferred. */
  readonly isOwn: boolean
  /** `Core.ticks` when it began. */
  readonly sinceTick: number
  /** The target was told, as it had everything. */
  isSent: boolean
}

/** The reads that a leader has not answered. */
export interface Reads {
  /** They wait for the next round. */
  waiting: number[]
  /** The round that is under way, and the commit index when it began. */
  asking: { readonly ids: readonly number[]; readonly round: number; readonly index: LogIndex } | null
}

/** What a leader keeps. Exists only while this node leads. */
export interface Leading {
  /** Everybody who gets the log. */
  readonly progress: Map<NodeId, Progress>
  /** The members that a change leads to that was asked for here. */
  change: Target | null
  /** The hand-over that is under way. */
  transfer: Transfer | null
  /** The leader does not look for a preferred one before this tick of `Core.ticks`. */
  preferAtTick: number
  /** Every append carries the latest round, every answer echoes it. */
  readonly rounds: Rounds
  readonly reads: Reads
  heartbeatElapsed: number
  heartbeatDue: boolean
  /** Where the log ended one to two election timeouts ago: who has that much is caught up. */
  caughtUpIndex: LogIndex
  /** Where the log ended less than an election timeout ago. */
  recentIndex: LogIndex
}

/** What a node knows. Fields that carry a rule change only through the methods here. */
export class Core {
  readonly options: RaftOptions
  readonly id: NodeId
  readonly log: Log
  readonly membership: Membership
  readonly durability: Durability
  readonly out: ReadyBuilder
  readonly #prng: Prng

  role: Role = 'follower'
  /** 0 while nobody is known to lead. */
  leader: NodeId | 0 = 0
  following: Following = freshFollowing()
  /** The votes for this node. Exists only while it is a pre-candidate or a candidate. */
  ballot: Ballot | null = null
  leading: Leading | null = null
  /** What this node acknowledged in terms up to this one may be lost (doubt.ts); `null`: nothing is. */
  doubtTerm: Term | null
  /** All ticks since the start. */
  ticks = 0
  /** Ticks since the leader was heard, a vote was granted or an election began. */
  electionElapsed = 0
  /** The election begins after so many ticks. Drawn anew for each election. */
  electionTicks: number

  #term: Term
  #votedFor: NodeId | 0
  /** Counts the changes of term and vote. */
  #hardVersion = 0
  #commitIndex: LogIndex
  /** Where the log ended when the last write was issued. */
  #writtenLast: LogIndex

  constructor(options: RaftOptions) {
    const { recovered } = options
    this.options = options
    this.id = options.id
    assert(options.electionTicksMin >= 1, 'an election waits for a tick')
    assert(options.electionTicksMin < options.electionTicksMax, 'election timeouts have a range')
    assert(options.heartbeatTicks < options.electionTicksMin, 'heartbeats come before elections')
    this.#prng = new Prng(options.seed)
    this.electionTicks = this.#drawElectionTicks()
    this.log = new Log(recovered)
    this.membership = new Membership(knownConfigurations(options))
    assert(this.membership.latest.index <= recovered.lastIndex, 'configurations are in the log')
    this.out = new ReadyBuilder(this.membership.latest)
    this.durability = new Durability(recovered.lastIndex, 0)
    this.#writtenLast = recovered.lastIndex
    this.#commitIndex = recovered.appliedIndex
    assert(recovered.appliedIndex <= recovered.lastIndex, 'what was applied is in the log')
    assert(recovered.appliedIndex >= this.log.base.index, 'what is forgotten was applied')
    this.doubtTerm = recovered.doubtTerm ?? null
    this.#term = recovered.hardState.term
    this.#votedFor = recovered.hardState.votedFor
    if (this.log.lastTerm > this.#term) this.#setHardState(this.log.lastTerm, 0)
  }

  get term(): Term {
    return this.#term
  }

  get votedFor(): NodeId | 0 {
    return this.#votedFor
  }

  get commitIndex(): LogIndex {
    return this.#commitIndex
  }

  /** Does the vote of this node count? */
  get isVoter(): boolean {
    return isVoterOf(this.membership.current, this.id)
  }

  /**
   * May this node ask to lead? Also one that the newest configuration leaves out, as long as that is not known
   * to be committed: the others may need its log for it (thesis 4.2.2, figure 4.6).
   */
  get mayStand(): boolean {
    const { latest, current, previous } = this.membership
    if (current.voters.length === 0) return false
    if (this.isVoter) return true
    return latest.index > this.#commitIndex && previous !== null && isVoterOf(previous, this.id)
  }

  /** Are term and vote as they are now on the disk? */
  get hardStateDurable(): boolean {
    return this.durability.hardVersion === this.#hardVersion
  }

  /** What may be applied: committed, and durable here. */
  get applyTo(): LogIndex {
    const durable = this.durability.durableIndex
    return this.#commitIndex < durable ? this.#commitIndex : durable
  }

  /** Has a write been under way for so many ticks? */
  isDiskStalled(ticks: number): boolean {
    const oldest = this.durability.oldestTick
    return oldest !== undefined && this.ticks - oldest >= ticks
  }

  /** Goes up to `newTerm` and votes in it for `votedFor`, or for nobody yet. */
  enterTerm(newTerm: Term, votedFor: NodeId | 0): void {
    assert(newTerm > this.#term, 'terms only grow', { newTerm, term: this.#term })
    this.#setHardState(newTerm, votedFor)
    this.leader = 0
    this.following = freshFollowing()
    this.out.dropHeld()
  }

  /** Votes once a term, for good (thesis 3.4). */
  voteFor(candidate: NodeId): void {
    assert(this.#votedFor === 0, 'one vote a term', { votedFor: this.#votedFor, candidate })
    assert(this.role === 'follower', 'only a follower votes for another')
    this.#setHardState(this.#term, candidate)
  }

  /** Follows `leader`, or nobody known, in `newTerm`. The vote stays when the term does. */
  becomeFollower(newTerm: Term, leader: NodeId | 0, reason: string): void {
    const led = this.leading !== null
    if (this.leading !== null) this.#endLeading(this.leading)
    const before = `${this.role} ${this.#term} ${this.leader}`
    if (newTerm > this.#term) this.enterTerm(newTerm, 0)
    assert(newTerm === this.#term, 'terms only grow', { newTerm, term: this.#term })
    assert(leader !== this.id, 'nobody follows itself')
    this.role = 'follower'
    this.leader = leader
    this.leading = null
    this.ballot = null
    if (led || leader !== 0) this.resetElection()
    if (before !== `follower ${this.#term} ${leader}`) this.noteRole(reason)
  }

  /** Tells of a change of role, term or leader. */
  noteRole(reason: string): void {
    this.out.changeRole({ role: this.role, term: this.#term, leader: this.leader, reason })
  }

  /** Begins to wait for the next election, as long as chance says. */
  resetElection(): void {
    this.electionElapsed = 0
    this.electionTicks = this.#drawElectionTicks()
  }

  /**
   * Waits two ticks, in which the others hear the same, and as many more as chance says, lest all ask at
   * once; never longer than before.
   */
  hastenElection(): void {
    const hastened = this.electionElapsed + 2 + this.#prng.below(2 * this.options.heartbeatTicks)
    this.electionTicks = Math.min(this.electionTicks, hastened)
  }

  /** Appends the next entry of the leader. */
  append(index: LogIndex, entryTerm: Term, payload: Payload, proposed: boolean): void {
    assert(entryTerm <= this.#term, 'no entry is of a later term', { entryTerm, term: this.#term })
    const entry = { index, term: entryTerm, payload }
    this.log.append(entry)
    if (payload.configuration !== undefined) {
      this.membership.append({ index, configuration: payload.configuration })
    }
    this.out.append(entry, proposed)
  }

  /** Removes what a leader's log shows to be wrong. A leader itself never does (thesis 3.5). */
  truncateFrom(index: LogIndex): void {
    assert(this.role !== 'leader', 'a leader only appends')
    assert(index > this.#commitIndex, 'what is committed stays', { index, commit: this.#commitIndex })
    assert(index > this.following.verifiedIndex, 'what the leader verified stays', { index })
    this.log.truncateFrom(index)
    this.membership.truncateFrom(index)
    this.durability.cut(this.log.lastIndex, this.log.lastTerm)
    this.out.truncateFrom(index, this.#writtenLast)
    if (this.#writtenLast >= index) this.#writtenLast = logIndex(index - 1)
  }

  /** Forgets what was applied: from now on the log begins after `index`. */
  forgetTo(index: LogIndex): void {
    assert(index <= this.applyTo, 'only what was applied is forgotten', { index, applyTo: this.applyTo })
    if (index <= this.log.base.index) return
    this.log.forgetTo(index)
    this.membership.forgetTo(index)
  }

  /** Puts a state in the place of the whole log. What was applied before is part of it (thesis 5.3). */
  restore(mark: SnapshotMark): void {
    const { index, configuration } = mark
    assert(this.role === 'follower', 'a leader and a candidate have their own log')
    assert(index > this.#commitIndex, 'a state is taken only if it is ahead', { index })
    assert(index > this.following.verifiedIndex, 'what the leader verified stays', { index })
    this.durability.restore(this.applyTo)
    this.log.reset(mark)
    this.membership.reset({ index, configuration })
    this.out.restore(mark)
    this.#writtenLast = index
    this.#commitIndex = index
    assert(this.applyTo < index, 'a state counts once it is durable')
  }

  commitTo(index: LogIndex): void {
    assert(index > this.#commitIndex, 'the commit index moves forward', { index })
    assert(index <= this.log.lastIndex, 'what is committed is in the log', { index })
    this.#commitIndex = index
  }

  /** Ends the step. */
  finish(): Ready {
    const ready = this.out.build({
      writeId: this.durability.nextId,
      hardState: { term: this.#term, votedFor: this.#votedFor },
      applyTo: this.applyTo,
      commitIndex: this.#commitIndex,
      configuration: this.membership.latest,
    })
    if (ready.write !== null) this.#issue(ready.write)
    return ready
  }

  /** Tells whoever asked this leader for something how that ends. */
  #endLeading(leading: Leading): void {
    const { change, transfer, reads } = leading
    this.out.refuseReads([...(reads.asking?.ids ?? []), ...reads.waiting])
    if (change !== null) this.out.changeEnded({ type: 'unknown' })
    if (transfer !== null && !transfer.isOwn) this.out.transferEnded({ type: 'left', to: transfer.to })
  }

  #issue(write: Write): void {
    const { lastIndex, lastTerm } = this.log
    this.durability.issue(write.id, lastIndex, lastTerm, this.#hardVersion, this.ticks)
    this.#writtenLast = lastIndex
  }

  #setHardState(newTerm: Term, votedFor: NodeId | 0): void {
    this.#term = newTerm
    this.#votedFor = votedFor
    this.#hardVersion++
    this.out.hardStateChanged()
  }

  #drawElectionTicks(): number {
    return this.#prng.below(this.options.electionTicksMax, this.options.electionTicksMin)
  }
}

/** The configuration at the base of the log and those after it. */
function knownConfigurations({ voters, recovered }: RaftOptions): readonly ConfigurationAt[] {
  const known = recovered.configurations ?? []
  const isComplete = (known[0]?.index ?? Infinity) <= (recovered.base?.index ?? 0)
  return isComplete ? known : [founding(voters), ...known]
}

function freshFollowing(): Following {
  return { verifiedIndex: logIndex(0), ackedIndex: logIndex(0), round: 0, ackDue: false }
}

/** The term after `t`. */
export function nextTerm(t: Term): Term {
  return term(t + 1)
}
