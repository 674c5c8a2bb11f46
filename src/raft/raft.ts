/**
 * The Raft core: a pure function of its inputs. `step` takes what happened and says what to do; it touches
 * nothing, waits for nothing and knows no clock but its ticks. After Ongaro's thesis, "Consensus: Bridging
 * Theory and Practice" (2014); section numbers in this folder are its.
 *
 * The caller does with each `Ready`, in this order or at the same time: hand `write` to the disk (writes in the
 * order of their ids, `persisted` when durable), send `send`, apply up to `applyTo`. A disk error is never
 * reported here: the process stops.
 */
import { assert, unreachable } from '../base/assert.ts'
import type { LogIndex, NodeId } from '../base/brand.ts'
import { endChange, leaveJoint, onChangeMembers } from './change.ts'
import { Core } from './core.ts'
import { settleDoubt } from './doubt.ts'
import {
  isInContact,
  onGone,
  onHardStateDurable,
  onPreVote,
  onPreVoteReply,
  onVote,
  onVoteReply,
  tickElection,
} from './election.ts'
import { answerLeader, isWellFormed, onAppend, onFollowerPersisted } from './follower.ts'
import { checkInvariants, markOf, type Mark } from './invariants.ts'
import { advanceCommit, onAppendReply, onPropose, tickLeader } from './leader.ts'
import { advanceReads, onReadIndex } from './read-index.ts'
import { replicate } from './replication.ts'
import { isPossible, onInstallSnapshot, onSnapshotReported } from './snapshot.ts'
import { advanceTransfer, onTimeoutNow, onTransfer, tickTransfer } from './transfer.ts'
import type { Configuration, InMessage, Input, RaftOptions, RaftStatus, Ready } from './types.ts'

/** One node of one group. Its only inputs are the options and what `step` is given. */
export class Raft {
  readonly #core: Core
  #mark: Mark

  /** Starts from what recovery found, as a follower that knows no leader. */
  constructor(options: RaftOptions) {
    this.#core = new Core(options)
    this.#mark = markOf(this.#core)
  }

  /** Takes inputs in order and returns all that follows from them. Throws `InvariantError` only. */
  step(inputs: readonly Input[]): Ready {
    const core = this.#core
    for (const input of inputs) take(core, input)
    answerLeader(core)
    if (core.leading !== null) {
      advanceCommit(core, core.leading)
      leaveJoint(core, core.leading)
      advanceReads(core, core.leading)
      replicate(core, core.leading)
      advanceTransfer(core, core.leading)
      endChange(core, core.leading)
    }
    settleDoubt(core)
    const ready = core.finish()
    checkInvariants(core, this.#mark)
    this.#mark = markOf(core)
    return ready
  }

  /** May this node have lost what it acknowledged? Ends for good once it is over. */
  get isInDoubt(): boolean {
    return this.#core.doubtTerm !== null
  }

  /** Who belonged to the group after the entry at `index`, which the log holds or begins after. */
  configurationAt(index: LogIndex): Configuration {
    return this.#core.membership.at(index)
  }

  status(): RaftStatus {
    const { id, options, role, term, leader, log, durability, commitIndex, membership, leading } = this.#core
    const peers = leading === null ? [] : [...leading.progress.values()]
    return {
      id,
      role,
      term,
      leader,
      baseIndex: log.base.index,
      lastIndex: log.lastIndex,
      durableIndex: durability.durableIndex,
      commitIndex,
      doubtTerm: this.#core.doubtTerm,
      configuration: membership.latest,
      priority: options.priorities?.get(id) ?? 0,
      transferTo: leading?.transfer?.to ?? 0,
      peers: peers.map((progress) => progress.facts(leading?.rounds.ticks ?? 0)),
    }
  }
}

function take(core: Core, input: Input): void {
  switch (input.type) {
    case 'tick':
      core.ticks++
      return tick(core)
    case 'propose':
      return onPropose(core, input.payloads)
    case 'changeMembers':
      return onChangeMembers(core, input)
    case 'transfer':
      return onTransfer(core, input.to)
    case 'readIndex':
      return onReadIndex(core, input.ids)
    case 'forget':
      return core.forgetTo(input.index)
    case 'snapshotReported':
      return onSnapshotReported(core, input.peer, input.index, input.ok)
    case 'message':
      return takeMessage(core, input.from, input.message)
    case 'persisted':
      return takePersisted(core, input.write)
    case 'unreachable':
      return core.leading?.progress.get(input.peer)?.lost()
    case 'gone':
      return onGone(core, input.peer)
    default:
      return unreachable(input)
  }
}

function tick(core: Core): void {
  if (core.leading === null) return tickElection(core)
  tickLeader(core, core.leading)
  if (core.leading !== null) tickTransfer(core, core.leading)
}

/**
 * What comes from this node itself, or cannot be, is passed over. A sender that this node's configuration does not
 * name may be of a newer one (thesis 4.1); that it belongs to the group at all was checked when it connected.
 */
function takeMessage(core: Core, from: NodeId, message: InMessage): void {
  if (from === core.id) return
  if (message.type === 'append' && !isWellFormed(message)) return
  if (message.type === 'installSnapshot' && !isPossible(message)) return
  if (message.term > core.term && showsTerm(message)) {
    if (message.type === 'vote' && !message.transfer && isInContact(core)) return
    core.becomeFollower(message.term, 0, 'a later term was seen')
  }
  switch (message.type) {
    case 'preVote':
      return onPreVote(core, from, message)
    case 'preVoteReply':
      return onPreVoteReply(core, from, message)
    case 'vote':
      return onVote(core, from, message)
    case 'voteReply':
      return onVoteReply(core, from, message)
    case 'append':
      return onAppend(core, from, message)
    case 'appendReply':
      return onAppendReply(core, from, message)
    case 'timeoutNow':
      return onTimeoutNow(core, from, message)
    case 'installSnapshot':
      return onInstallSnapshot(core, from, message)
    default:
      return unreachable(message)
  }
}

/** Is the sender in the term of the message? A pre-vote and a yes to it only speak of a term (thesis 9.6). */
function showsTerm(message: InMessage): boolean {
  if (message.type === 'preVote') return false
  return !(message.type === 'preVoteReply' && message.granted)
}

function takePersisted(core: Core, write: number): void {
  const wasDurable = core.hardStateDurable
  core.durability.complete(write, (index) => core.log.termAt(index))
  if (!wasDurable && core.hardStateDurable) onHardStateDurable(core)
  onFollowerPersisted(core)
  assert(core.applyTo <= core.commitIndex, 'only what is committed is applied')
}
