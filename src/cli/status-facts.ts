/** What `status` gathers and what it makes of it: plain data between gathering, judging and showing. */
import type { MemberStatus } from '../rpc/admin-types.ts'

/** One member as seen from here: its own words, or why there are none. */
export interface MemberFacts {
  /** 0 while nobody told the member's id. */
  readonly id: number
  /** Where it was asked, `host:port`. */
  readonly endpoint: string
  /** `undefined` when it did not answer. */
  readonly status: MemberStatus | undefined
  /** One sentence; empty when it answered. */
  readonly error: string
}

/** One broker group: all members that anybody named, answering or not, in the order of their ids. */
export interface GroupFacts {
  readonly group: string
  readonly members: readonly MemberFacts[]
}

/** From good to bad. The exit codes of `status` are 0 to 3 in this order. */
export const VERDICTS = ['healthy', 'degraded', 'no leader', 'unreachable'] as const

/**
 * healthy: all is well. degraded: writes work, but something is wrong. no leader: somebody answers, but nothing
 * can be written now. unreachable: nobody answers.
 */
export type Verdict = (typeof VERDICTS)[number]

/** What one group's facts mean. */
export interface GroupVerdict {
  readonly group: string
  readonly clusterId: string
  readonly verdict: Verdict
  /** One line: how many members, how many may fail, who leads. */
  readonly summary: string
  /** Why the group is not healthy, in sentences. */
  readonly reasons: readonly string[]
  /** What to do about it, in sentences. */
  readonly advice: readonly string[]
  /** 0 while nobody leads. */
  readonly leaderId: number
  readonly term: number
  readonly members: readonly MemberFacts[]
}

/** The worst of some verdicts; nothing to judge is `unreachable`. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0) return 'unreachable'
  return VERDICTS[Math.max(...verdicts.map((verdict) => VERDICTS.indexOf(verdict)))] ?? 'unreachable'
}

/** Entries that the group has committed and the member has not applied yet; `undefined` when not known. */
export function lagOf(member: MemberFacts, committed: number): number | undefined {
  return member.status === undefined ? undefined : Math.max(0, committed - member.status.appliedIndex)
}

/** The highest index that any member knows to be committed. */
export function committedBy(members: readonly MemberFacts[]): number {
  return Math.max(0, ...members.map((member) => member.status?.commitIndex ?? 0))
}

/** How a member is called in sentences. */
export function memberName(member: MemberFacts): string {
  return member.id === 0 ? `the member at ${member.endpoint}` : `member ${member.id} (${member.endpoint})`
}
