/**
 * Judges a broker group by what its members said: a verdict, why, and what to do. Pure. "Degraded" is a word
 * of its own, because a group with a dead member works and is not well.
 */
import type { MemberStatus } from '../rpc/admin-types.ts'
import { digestFault } from './status-digests.ts'
import {
  committedBy,
  type GroupFacts,
  type GroupVerdict,
  lagOf,
  type MemberFacts,
  memberName,
  type Verdict,
} from './status-facts.ts'

/** A member that is further behind than this is catching up or stuck. */
export const LAG_ENTRIES_MAX = 1_000

interface Leadership {
  readonly leaderId: number
  readonly term: number
  /** Why nothing can be written now; empty when a leader has a majority behind it. */
  readonly missing: string
}

interface Finding {
  readonly reason: string
  readonly advice?: string
}

/** The verdict over one group. */
export function judgeGroup(facts: GroupFacts): GroupVerdict {
  const answering = facts.members.filter((member) => member.status !== undefined)
  const voters = votersOf(facts.members, answering)
  const leadership = leadershipOf(voters, answering)
  const findings = answering.length === 0 ? nobody(facts) : findingsOf(facts, answering, voters, leadership)
  const verdict = verdictOf(answering, leadership, findings)
  return {
    group: facts.group,
    clusterId: answering[0]?.status?.clusterId ?? '',
    verdict,
    summary: summaryOf(facts.members, answering, voters, leadership),
    reasons: findings.map((finding) => finding.reason),
    advice: [...new Set(findings.flatMap((finding) => finding.advice ?? []))],
    leaderId: leadership.missing === '' ? leadership.leaderId : 0,
    term: leadership.term,
    members: facts.members,
  }
}

/** Members whose votes count, by the newest word about it; all when nobody says more. */
function votersOf(
  members: readonly MemberFacts[],
  answering: readonly MemberFacts[],
): readonly MemberFacts[] {
  const states = answering.flatMap(({ status }) => status ?? [])
  const [newest] = states.sort((a, b) => b.term - a.term || b.commitIndex - a.commitIndex)
  const learners = newest?.members.filter(({ role }) => role === 'learner').map(({ id }) => id) ?? []
  return members.filter(({ id }) => !learners.includes(id))
}

function verdictOf(
  answering: readonly MemberFacts[],
  lead: Leadership,
  findings: readonly Finding[],
): Verdict {
  if (answering.length === 0) return 'unreachable'
  if (lead.missing !== '') return 'no leader'
  return findings.length === 0 ? 'healthy' : 'degraded'
}

/** Who leads, if a majority stands behind that member: seen from here or on the leader's own connections. */
function leadershipOf(members: readonly MemberFacts[], answering: readonly MemberFacts[]): Leadership {
  const term = Math.max(0, ...answering.map((member) => member.status?.term ?? 0))
  const states = answering.flatMap((member) => member.status ?? [])
  const leader = states.find((state) => state.role === 'leader' && state.term === term)
  if (leader !== undefined) {
    const behind = members.filter((member) => isBehind(member, leader)).length
    const needed = majorityOf(members.length)
    const missing =
      behind >= needed
        ? ''
        : `member ${leader.id} leads, but only ${behind} of the ${needed} members that it needs follow it`
    return { leaderId: leader.id, term, missing }
  }
  const followed = states.filter((state) => state.leaderId !== 0 && state.term === term)
  const leaderId = followed[0]?.leaderId ?? 0
  const connected = followed.filter((state) => hears(state, leaderId)).length
  if (leaderId !== 0 && connected > 0 && connected + 1 >= majorityOf(members.length)) {
    return { leaderId, term, missing: '' }
  }
  const why = leaderId === 0 ? 'no member leads' : `member ${leaderId}, the last leader, is gone`
  return { leaderId: 0, term, missing: why }
}

function isBehind(member: MemberFacts, leader: MemberStatus): boolean {
  if (member.status !== undefined)
    return member.status.leaderId === leader.id && member.status.term === leader.term
  return hears(leader, member.id)
}

function hears(state: MemberStatus, id: number): boolean {
  return state.peers.some((peer) => peer.id === id && peer.connected && peer.refusal === '')
}

function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1
}

function nobody(facts: GroupFacts): Finding[] {
  const reasons = facts.members.map((member) => ({ reason: `${memberName(member)}: ${member.error}` }))
  const advice =
    'start the development cluster with "npm start", or name a running member or name server with --endpoints HOST:PORT'
  return [{ reason: 'nobody answers', advice }, ...reasons]
}

function findingsOf(
  facts: GroupFacts,
  answering: readonly MemberFacts[],
  voters: readonly MemberFacts[],
  lead: Leadership,
): Finding[] {
  return [
    ...(lead.missing === '' ? [] : [noLeader(voters, lead.missing)]),
    ...facts.members.flatMap((member) => ownFindings(member, lead)),
    ...laggards(answering),
    ...digests(answering),
    ...strangers(answering),
  ]
}

function noLeader(voters: readonly MemberFacts[], missing: string): Finding {
  const count = voters.length
  const answering = voters.filter((member) => member.status !== undefined).length
  const needed = majorityOf(count)
  const advice =
    answering < needed
      ? `start at least ${needed - answering} more of the ${count} members: ${needed} are needed to elect a leader`
      : 'wait: an election takes about a second; if it takes longer, read the log files of the members'
  return { reason: `${missing}: nothing can be written now`, advice }
}

function ownFindings(member: MemberFacts, lead: Leadership): Finding[] {
  const who = memberName(member)
  const state = member.status
  if (state === undefined) {
    const advice = `start ${who} again, or see why it does not answer; it catches up by itself. If its data folder is lost: npm run cli -- member replace ${member.id === 0 ? 'ID' : member.id}`
    return [{ reason: `${who} does not answer: ${member.error}`, advice }]
  }
  const found: Finding[] = state.problems.map((problem) => ({ reason: `${who}: ${problem}` }))
  for (const peer of state.peers) {
    if (peer.refusal !== '') found.push({ reason: `${who} and member ${peer.id}: ${peer.refusal}` })
  }
  if (state.role === 'refused' && found.length === 0) {
    found.push({ reason: `${who} is refused by its group`, advice: `read the log file of ${who}` })
  }
  if (lead.missing === '' && state.role !== 'refused' && state.leaderId !== lead.leaderId) {
    const view = state.leaderId === 0 ? 'knows no leader' : `follows member ${state.leaderId}`
    found.push({
      reason: `${who} ${view} in term ${state.term}, the group follows member ${lead.leaderId} in term ${lead.term}`,
      advice: `see whether ${who} reaches the peer ports of the others`,
    })
  }
  return found
}

function laggards(answering: readonly MemberFacts[]): Finding[] {
  const committed = committedBy(answering)
  return answering.flatMap((member) => {
    const lag = lagOf(member, committed) ?? 0
    if (lag <= LAG_ENTRIES_MAX) return []
    const advice = 'look again in some seconds: a lag that does not shrink means a slow disk or network'
    return [{ reason: `${memberName(member)} is ${lag} entries behind`, advice }]
  })
}

function digests(answering: readonly MemberFacts[]): Finding[] {
  const fault = digestFault(answering)
  if (fault === undefined) return []
  const names = fault.differing.map(memberName)
  if (!fault.majority) {
    const reason = `the digests of ${names.join(' and ')} differ at index ${fault.index}, and no majority tells which is right`
    return [{ reason, advice: 'bring the other members back: the majority tells which one is damaged' }]
  }
  return names.map((who) => ({
    reason: `the state of ${who} differs from the majority at index ${fault.index}: its data is damaged`,
    advice: `stop ${who} and move its folder "tables" away: it is rebuilt from the log at the next start`,
  }))
}

/** Members that answered for another cluster or group: a wrong address or a mixed-up folder. */
function strangers(answering: readonly MemberFacts[]): Finding[] {
  const [first] = answering
  return answering.flatMap((member) => {
    const same =
      member.status?.clusterId === first?.status?.clusterId && member.status?.group === first?.status?.group
    return same ? [] : [{ reason: `${memberName(member)} belongs to another cluster or group` }]
  })
}

function summaryOf(
  members: readonly MemberFacts[],
  answeringMembers: readonly MemberFacts[],
  voters: readonly MemberFacts[],
  lead: Leadership,
): string {
  const [count, answering] = [members.length, answeringMembers.length]
  const voting = voters.filter((member) => member.status !== undefined).length
  const spare = Math.max(0, voting - majorityOf(voters.length))
  const leader = lead.missing === '' ? `member ${lead.leaderId} leads in term ${lead.term}` : 'nobody leads'
  const answers = `${answering} of ${count} member${count === 1 ? '' : 's'} answer${answering === 1 ? 's' : ''}`
  return `${answers}, ${lead.missing === '' ? `${spare} more may fail, ` : ''}${leader}`
}
