/**
 * The values that go into and come out of the Raft core. The core decides order and durability rules and
 * never sees bytes: an entry's payload is opaque, only its size counts.
 *
 * The disk is a peer. The core hands out writes and hears of their completion as an input, and holds back by
 * itself every message and every count that depends on a write. So whatever stands in `Ready.send` may leave
 * at once (thesis 10.2.1: the leader sends appends while its own write is under way and counts itself only
 * when it is done).
 */
import type { LogIndex, NodeId, Term } from '../base/brand.ts'

/** Who decides and who only listens (thesis 4). A voter of either set is no learner of the same set's time. */
export interface Configuration {
  readonly voters: readonly NodeId[]
  /** The voters before a change that is under way, who decide too; empty outside of a change (thesis 4.3). */
  readonly votersOutgoing: readonly NodeId[]
  /** They get the log, and never count (thesis 4.2.1). */
  readonly learners: readonly NodeId[]
  /** What the shell keeps beside them, such as addresses: handed on unread. Never changed. */
  readonly details?: Uint8Array
}

/** A configuration and the index of its entry; 0 for the one that the group began with. */
export interface ConfigurationAt {
  readonly index: LogIndex
  readonly configuration: Configuration
}

/** The content of an entry. `size` is what the whole record takes in the log, in bytes. */
export interface Payload {
  readonly size: number
  /** Only in the entry of a configuration, which has no other content. All else is opaque. */
  readonly configuration?: Configuration
}

export interface Entry {
  readonly index: LogIndex
  readonly term: Term
  readonly payload: Payload
}

/** What must be durable before anything that depends on it (thesis 3.8). `votedFor` 0 is nobody. */
export interface HardState {
  readonly term: Term
  readonly votedFor: NodeId | 0
}

/** Asks whether an election could be won, without any effect on the receiver (thesis 9.6). */
export interface PreVote {
  readonly type: 'preVote'
  /** The term that the candidate would have. */
  readonly term: Term
  readonly lastIndex: LogIndex
  readonly lastTerm: Term
}

export interface PreVoteReply {
  readonly type: 'preVoteReply'
  /** Granted: the term that was asked for. Refused: the receiver's own term. */
  readonly term: Term
  readonly granted: boolean
  /** As in `VoteReply`. */
  readonly inDoubt?: boolean
}

/** RequestVote (thesis 3.4). */
export interface Vote {
  readonly type: 'vote'
  readonly term: Term
  readonly lastIndex: LogIndex
  readonly lastTerm: Term
  /** The leader itself wants this election: who is in contact with it votes all the same (thesis 4.2.3). */
  readonly transfer: boolean
}

export interface VoteReply {
  readonly type: 'voteReply'
  readonly term: Term
  readonly granted: boolean
  /**
   * The voter may have lost what it had acknowledged: its vote counts only where all vote the same. Not there
   * means no.
   */
  readonly inDoubt?: boolean
}

/** A place in the log. (0, 0) is before the first entry. */
export interface EntryMark {
  readonly index: LogIndex
  readonly term: Term
}

/** The state of the machine after the entry at `index`, and who belonged to the group then. */
export interface SnapshotMark extends EntryMark {
  readonly configuration: Configuration
}

/**
 * InstallSnapshot (thesis 5.3). Out: the receiver needs the state at `mark` or later, as the log before it is
 * forgotten here; the shell sends one beside the messages and says how that ended by `snapshotReported`. In: the
 * whole of a state lies ready; whether it is taken shows in the write of the same step.
 */
export interface InstallSnapshot {
  readonly type: 'installSnapshot'
  /** The term of the leader that sends it. */
  readonly term: Term
  readonly mark: SnapshotMark
}

/** TimeoutNow: the leader of this term asks the receiver, which has its whole log, to lead (thesis 3.10). */
export interface TimeoutNow {
  readonly type: 'timeoutNow'
  readonly term: Term
}

/** What all appends share. `round` is echoed, so that an old answer confirms nothing new. */
interface AppendHead {
  readonly term: Term
  readonly prevIndex: LogIndex
  readonly prevTerm: Term
  readonly commitIndex: LogIndex
  readonly round: number
}

/** AppendEntries as the leader's core asks for it: the shell adds the bytes of first..last (thesis 3.5). */
export interface AppendOut extends AppendHead {
  readonly type: 'append'
  /** `prevIndex + 1`. */
  readonly first: LogIndex
  /** `first - 1` for a heartbeat. */
  readonly last: LogIndex
}

/** AppendEntries as the follower's core gets it. `entries` follow `prevIndex` without a gap. */
export interface AppendIn extends AppendHead {
  readonly type: 'append'
  readonly entries: readonly Entry[]
}

/** The answer to an append. */
export interface AppendReply {
  readonly type: 'appendReply'
  readonly term: Term
  readonly round: number
  /**
   * `matched`: everything up to `index` equals the leader's log and is durable here.
   * `rejected`: the entry at `prevIndex` is missing or of another term.
   */
  readonly result: 'matched' | 'rejected'
  /** matched: durable and verified up to here. rejected: the `prevIndex` that was refused. */
  readonly index: LogIndex
  /** rejected: where the leader should look next, and the term there (fast back-up, thesis 3.5 end). */
  readonly hintIndex: LogIndex
  readonly hintTerm: Term
}

/** What goes over the wire as it is. */
export type PlainMessage = PreVote | PreVoteReply | Vote | VoteReply | AppendReply | TimeoutNow
export type OutMessage = PlainMessage | AppendOut | InstallSnapshot
export type InMessage = PlainMessage | AppendIn | InstallSnapshot

export interface Envelope {
  readonly to: NodeId
  readonly message: OutMessage
}

/** The members that a change leads to. */
export interface Target {
  readonly voters: readonly NodeId[]
  readonly learners: readonly NodeId[]
  /** As in `Configuration`. */
  readonly details?: Uint8Array
}

export type Input =
  /** A fixed step of monotonic time has passed. */
  | { readonly type: 'tick' }
  /** Payloads to append, in order. Refused as a whole run when this node does not lead, or hands over. */
  | { readonly type: 'propose'; readonly payloads: readonly Payload[] }
  /** Make these the members, in one change. The outcome stands in `Ready.changes`. */
  | ({ readonly type: 'changeMembers' } & Target)
  /**
   * Let another voter lead; 0: whoever has most of the log. Proposals are refused meanwhile. The outcome stands
   * in `Ready.transfers`.
   */
  | { readonly type: 'transfer'; readonly to: NodeId | 0 }
  /**
   * Find an index such that a machine which has applied it may serve these reads (thesis 6.4). Requests of one step
   * share a round. Each id ends once, in `Ready.reads` or in `Ready.readsRefused`.
   */
  | { readonly type: 'readIndex'; readonly ids: readonly number[] }
  /**
   * Entries up to here, all of them applied and in the tables' durable state, are no longer needed: a peer that
   * lacks them gets a snapshot.
   */
  | { readonly type: 'forget'; readonly index: LogIndex }
  /** The sending of a snapshot to a peer ended; `ok`: the peer has the state at `index` or will soon. */
  | {
      readonly type: 'snapshotReported'
      readonly peer: NodeId
      readonly index: LogIndex
      readonly ok: boolean
    }
  | { readonly type: 'message'; readonly from: NodeId; readonly message: InMessage }
  /** The write with this id, and all before it, are durable. */
  | { readonly type: 'persisted'; readonly write: number }
  /** What was sent to this peer may be lost: its connection broke, or an append could not be built. */
  | { readonly type: 'unreachable'; readonly peer: NodeId }
  /**
   * This peer's process is gone: its connections closed and a new one is refused. Never said because of
   * silence. If it is the leader, an election begins soon instead of after a timeout.
   */
  | { readonly type: 'gone'; readonly peer: NodeId }

/**
 * What the disk must do, in this order: hard state, then restore, then cut, then entries; durable as a whole before
 * `persisted`. Writes are issued in the order of their ids. A later write's cut may drop entries of an
 * earlier one that is not yet done.
 */
export interface Write {
  readonly id: number
  readonly hardState: HardState | null
  /**
   * Put this state in the place of tables and log, as one: after a crash either all of it is there or nothing. The
   * log is empty then, and its next entry follows the mark.
   */
  readonly restore: SnapshotMark | null
  /** Remove this index and everything after it before appending; `null` when nothing is removed. */
  readonly truncateFrom: LogIndex | null
  readonly entries: readonly Entry[]
}

export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader'

export interface RoleChange {
  readonly role: Role
  readonly term: Term
  /** 0 while nobody is known to lead. */
  readonly leader: NodeId | 0
  /** Why, in words, for the log line of the change. */
  readonly reason: string
}

/** How a change of members that was asked for here ended. */
export type ChangeOutcome =
  /** Nothing happened, and why, in words. */
  | { readonly type: 'refused'; readonly reason: string }
  /** The configuration is as asked for, committed. */
  | { readonly type: 'changed'; readonly configuration: Configuration }
  /** This node leads no more: the next leader may go on with the change, or may never have heard of it. */
  | { readonly type: 'unknown' }

/** How a transfer of leadership ended that was asked for here. */
export type TransferOutcome =
  /** Nothing happened, and why, in words. */
  | { readonly type: 'refused'; readonly reason: string }
  /** This node leads no more. That `to` will is most likely, not sure. */
  | { readonly type: 'left'; readonly to: NodeId }
  /** `to` did not take over within an election timeout: this node goes on leading. */
  | { readonly type: 'givenUp'; readonly to: NodeId }

/** A read that may be served by a machine that has applied `index`. */
export interface ReadIndex {
  readonly id: number
  readonly index: LogIndex
}

/** The result of one step. */
export interface Ready {
  readonly write: Write | null
  /** May leave at once, in this order for each peer. */
  readonly send: readonly Envelope[]
  /** Entries up to here may be applied: min(commitIndex, durable here). Never goes back. */
  readonly applyTo: LogIndex
  readonly commitIndex: LogIndex
  /** The last change of role, term or known leader in this step. */
  readonly roleChange: RoleChange | null
  /** Proposals that were not appended: this node does not lead, or hands over. Nothing happened to them. */
  readonly refused: readonly Payload[]
  /** The configuration that counts from now on; `null` when it is the same as before. */
  readonly configuration: ConfigurationAt | null
  /** Outcomes of `changeMembers`, in order. */
  readonly changes: readonly ChangeOutcome[]
  /** Outcomes of `transfer`, in order. */
  readonly transfers: readonly TransferOutcome[]
  readonly reads: readonly ReadIndex[]
  /** Ids of `readIndex` that this node cannot answer, as it does not lead or leads no more. */
  readonly readsRefused: readonly number[]
}

/** What the leader knows of one peer, for status and metrics. */
export interface PeerProgress {
  readonly peer: NodeId
  /** `snapshot`: it needs what is forgotten here, and the shell sends it a state. */
  readonly state: 'probe' | 'replicate' | 'snapshot'
  readonly matchIndex: LogIndex
  readonly nextIndex: LogIndex
  readonly inflightCount: number
  readonly inflightBytes: number
  /** Ticks since the last answer. */
  readonly silentTicks: number
}

export interface RaftStatus {
  readonly id: NodeId
  readonly role: Role
  readonly term: Term
  readonly leader: NodeId | 0
  /** Everything up to here is forgotten. */
  readonly baseIndex: LogIndex
  readonly lastIndex: LogIndex
  readonly durableIndex: LogIndex
  readonly commitIndex: LogIndex
  /** Entries that this node acknowledged in terms up to this one may be lost; `null` when none are. */
  readonly doubtTerm: Term | null
  /** The newest in the log. */
  readonly configuration: ConfigurationAt
  /** How much this node is wanted as leader. */
  readonly priority: number
  /** Whom this leader is handing over to; 0: nobody. */
  readonly transferTo: NodeId | 0
  readonly peers: readonly PeerProgress[]
}

/** A run of entries of one term in the log, for starting the core from a recovered log. */
export interface TermRun {
  readonly first: LogIndex
  readonly term: Term
}

export interface RaftOptions {
  readonly id: NodeId
  /** Who founded the group. Empty for a node that is to join: it hears from the leader who belongs to it. */
  readonly voters: readonly NodeId[]
  /**
   * How much each member is wanted as leader; absent: 0. A wish and no veto: every voter stands when no leader is
   * heard, and a leader hands over to a voter of a higher priority that has caught up (DLedger: preferredLeaderId).
   */
  readonly priorities?: ReadonlyMap<NodeId, number>
  /** Seed of the election timeouts. */
  readonly seed: number
  readonly electionTicksMin: number
  /** Exclusive. */
  readonly electionTicksMax: number
  readonly heartbeatTicks: number
  readonly inflightCountMax: number
  readonly inflightBytesMax: number
  readonly appendEntriesMax: number
  readonly appendBytesMax: number
  /** What recovery found. All of it is durable. */
  readonly recovered: {
    readonly hardState: HardState
    /** Entries acknowledged in terms up to this one may be lost (doubt.ts). Not there means none. */
    readonly doubtTerm?: Term | null
    /** The log holds what follows this place; absent: it holds everything. */
    readonly base?: EntryMark
    readonly lastIndex: LogIndex
    /** The runs after the base; the first one begins right behind it. */
    readonly termRuns: readonly TermRun[]
    /**
     * The configurations in the log, oldest first; absent when it has none. If the log has a base, the first one is
     * the one that counted there.
     */
    readonly configurations?: readonly ConfigurationAt[]
    /** Everything up to here is known to be committed, since the tables hold it. */
    readonly appliedIndex: LogIndex
    /** The record size of an entry in the recovered log, in bytes. */
    readonly sizeOf: (index: LogIndex) => number
  }
}
