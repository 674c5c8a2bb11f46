/**
 * Elections: when one begins, and how this node answers those of others. Pre-vote (thesis 9.6) asks first
 * whether a majority would vote, so that a node that was cut off does not disturb a working leader; a node in
 * contact with a leader refuses (thesis 4.2.3).
 */
import { assert } from '../base/assert.ts'
import type { NodeId } from '../base/brand.ts'
import { nextTerm, type Core } from './core.ts'
import { becomeLeader } from './leader.ts'
import { votersOf } from './membership.ts'
import { Ballot } from './quorum.ts'
import type { PreVote, PreVoteReply, Vote, VoteReply } from './types.ts'

/**
 * A tick of a node that does not lead. A node whose disk stands still does not ask to lead, and one that is
 * alone has nobody to wait for.
 */
export function tickElection(core: Core): void {
  core.electionElapsed++
  const alone = core.role === 'follower' && isOnlyVoter(core)
  if (!alone && core.electionElapsed < core.electionTicks) return
  if (core.isDiskStalled(core.options.electionTicksMin)) return
  if (core.mayStand) startPreVote(core)
  else if (core.leader !== 0) core.becomeFollower(core.term, 0, 'no leader was heard')
}

function isOnlyVoter(core: Core): boolean {
  const voters = votersOf(core.membership.current)
  return voters.length === 1 && voters[0] === core.id
}

/** Has a leader been heard within the shortest election timeout? Then nobody else gets a vote. */
export function isInContact(core: Core): boolean {
  if (core.role === 'leader') return true
  return core.leader !== 0 && core.electionElapsed < core.options.electionTicksMin
}

/**
 * The process of a peer is gone. If it led, this node is no longer in contact and asks for pre-votes soon;
 * who still hears the leader refuses as ever, so a wrong word here elects nobody.
 */
export function onGone(core: Core, peer: NodeId): void {
  if (core.role !== 'follower' || core.leader !== peer) return
  core.becomeFollower(core.term, 0, 'the process of the leader is gone')
  core.hastenElection()
}

/** Would this node vote for the sender? Nothing here changes, whatever the answer (thesis 9.6). */
export function onPreVote(core: Core, from: NodeId, message: PreVote): void {
  const granted =
    message.term > core.term && !isInContact(core) && core.log.isUpToDate(message.lastIndex, message.lastTerm)
  const term = granted ? message.term : core.term
  core.out.send(from, { type: 'preVoteReply', term, ...answer(core, granted) })
}

/**
 * Votes for the sender, once a term and only for a log as complete as this one (thesis 3.6.1). Whether this node
 * knows itself for a voter, or the sender for a member, is not asked: its configuration may be the older one, and
 * who asks counts by its own (thesis 4.1).
 */
export function onVote(core: Core, from: NodeId, message: Vote): void {
  const free = core.votedFor === from || (core.votedFor === 0 && core.leader === 0)
  const granted =
    message.term === core.term && free && core.log.isUpToDate(message.lastIndex, message.lastTerm)
  if (granted && core.votedFor === 0) {
    // Who asks for pre-votes in this term has not voted in it and may: it then waits for the other's election.
    core.becomeFollower(core.term, 0, 'another node got the vote')
    core.voteFor(from)
  }
  if (granted) core.electionElapsed = 0
  const reply = { type: 'voteReply', term: core.term, ...answer(core, granted) } as const
  core.out.sendWhenDurable(from, reply, core.hardStateDurable)
}

/** An answer to a pre-vote counts while this node still asks the same. */
export function onPreVoteReply(core: Core, from: NodeId, message: PreVoteReply): void {
  if (core.role !== 'preCandidate') return
  if (message.granted && message.term !== nextTerm(core.term)) return
  countVote(core, from, message)
}

/** An answer to a vote counts in its own term only. */
export function onVoteReply(core: Core, from: NodeId, message: VoteReply): void {
  if (core.role !== 'candidate' || message.term !== core.term) return
  countVote(core, from, message)
}

/** Term and vote are on the disk: requests and answers leave, and a candidate has its own vote. */
export function onHardStateDurable(core: Core): void {
  assert(core.hardStateDurable, 'term and vote are durable')
  core.out.releaseHeld()
  if (core.role === 'candidate') countVote(core, core.id, answer(core, true))
}

/** Asks everybody whether this node could win. Changes neither term nor vote. */
function startPreVote(core: Core): void {
  core.becomeFollower(core.term, 0, 'no leader was heard')
  core.role = 'preCandidate'
  core.resetElection()
  core.ballot = new Ballot(core.membership.current)
  core.noteRole('no leader was heard')
  const { lastIndex, lastTerm } = core.log
  for (const peer of otherVoters(core)) {
    core.out.send(peer, { type: 'preVote', term: nextTerm(core.term), lastIndex, lastTerm })
  }
  countVote(core, core.id, answer(core, true))
}

/** Asks for votes without asking for pre-votes, since the leader wants it (thesis 3.10). */
export function startTransferVote(core: Core): void {
  assert(core.role === 'follower' && core.leader !== 0, 'a follower is asked by its leader')
  startVote(core, true, 'the leader hands over to this node')
}

/** Votes for itself in a new term. The requests, and its own vote, wait until that is durable (thesis 3.8). */
function startVote(core: Core, transfer: boolean, reason: string): void {
  core.enterTerm(nextTerm(core.term), core.id)
  core.role = 'candidate'
  core.resetElection()
  core.ballot = new Ballot(core.membership.current)
  core.noteRole(reason)
  const { lastIndex, lastTerm } = core.log
  for (const peer of otherVoters(core)) {
    const message = { type: 'vote', term: core.term, lastIndex, lastTerm, transfer } as const
    core.out.sendWhenDurable(peer, message, false)
  }
}

function otherVoters(core: Core): readonly NodeId[] {
  return votersOf(core.membership.current).filter((voter) => voter !== core.id)
}

/** Yes or no, and what the word of this node is worth. */
function answer(core: Core, granted: boolean): Pick<VoteReply, 'granted' | 'inDoubt'> {
  return granted && core.doubtTerm !== null ? { granted, inDoubt: true } : { granted }
}

function countVote(core: Core, voter: NodeId, vote: Pick<VoteReply, 'granted' | 'inDoubt'>): void {
  const { ballot } = core
  assert(ballot !== null, 'who asks for votes counts them')
  ballot.count(voter, vote.granted, vote.inDoubt === true)
  if (ballot.tally === 'open') return
  if (ballot.tally === 'lost') core.becomeFollower(core.term, 0, 'a majority refused')
  else if (core.role === 'preCandidate') startVote(core, false, 'a majority would vote for this node')
  else becomeLeader(core)
}
