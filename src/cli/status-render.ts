/** Shows what the judge found: for people the verdict first, then why, what to do and the members; or JSON. */
import { bytesText, durationText } from './format.ts'
import {
  committedBy,
  type GroupVerdict,
  lagOf,
  type MemberFacts,
  type Verdict,
  worstOf,
} from './status-facts.ts'
import { type Column, tableText } from './text-table.ts'

const DIGEST_DIGITS = 8
const CELLS_BEFORE_ERROR = 3

/** Colours a text for the terminal, or does not. */
export type Paint = (verdict: Verdict, text: string) => string

/** The whole answer as text, without a line break at its end. */
export function statusText(groups: readonly GroupVerdict[], paint: Paint, width?: number): string {
  return groups.map((group) => groupText(group, paint, width)).join('\n\n')
}

function groupText(group: GroupVerdict, paint: Paint, width: number | undefined): string {
  const name = group.group === '' ? 'The cluster' : `Group ${group.group}`
  return [
    `${name} is ${paint(group.verdict, group.verdict.toUpperCase())}: ${group.summary}.`,
    ...labelled('why', group.reasons),
    ...labelled('do', group.advice),
    '',
    tableText(columnsOf(group.members), group.members, width, (member) =>
      member.status === undefined ? { from: CELLS_BEFORE_ERROR, text: member.error } : undefined,
    ),
  ].join('\n')
}

function labelled(label: string, sentences: readonly string[]): string[] {
  return sentences.map((sentence, at) => `  ${(at === 0 ? label : '').padEnd(4)} ${sentence}`)
}

function columnsOf(members: readonly MemberFacts[]): readonly Column<MemberFacts>[] {
  const committed = committedBy(members)
  const number = (head: string, worth: number, value: (member: MemberFacts) => number | undefined) => ({
    head,
    worth,
    right: true,
    cell: (member: MemberFacts) => String(value(member) ?? '-'),
  })
  return [
    { head: 'MEMBER', worth: 9, cell: (member) => (member.id === 0 ? '?' : String(member.id)) },
    { head: 'ENDPOINT', worth: 9, cell: (member) => member.endpoint },
    { head: 'ROLE', worth: 9, cell: (member) => member.status?.role ?? 'unreachable' },
    number('TERM', 8, (member) => member.status?.term),
    number('LAST', 5, (member) => member.status?.lastIndex),
    number('COMMITTED', 7, (member) => member.status?.commitIndex),
    number('APPLIED', 7, (member) => member.status?.appliedIndex),
    number('LAG', 8, (member) => lagOf(member, committed)),
    { head: 'DIGEST', worth: 6, cell: (member) => lastDigest(member)?.digest.slice(0, DIGEST_DIGITS) ?? '-' },
    { head: 'UPTIME', worth: 4, right: true, cell: (member) => uptime(member) },
    { head: 'DISK', worth: 3, right: true, cell: (member) => disk(member) },
    { head: 'SCRUB', worth: 1, right: true, cell: (member) => scrub(member) },
    { head: 'VERSION', worth: 2, cell: (member) => member.status?.version ?? '-' },
  ]
}

function lastDigest(member: MemberFacts): { readonly index: number; readonly digest: string } | undefined {
  return member.status?.digests.at(-1)
}

function uptime(member: MemberFacts): string {
  return member.status === undefined ? '-' : durationText(member.status.uptimeMs)
}

function disk(member: MemberFacts): string {
  return member.status === undefined ? '-' : `${bytesText(member.status.diskFreeBytes)} free`
}

/** How much of the log the pass under way has checked, and what was repaired since the start. */
function scrub({ status }: MemberFacts): string {
  const condition = status?.logCondition ?? null
  if (status === undefined || condition === null) return '-'
  const share = status.logBytes === 0 ? 0 : Math.min(1, condition.scrubbedBytes / status.logBytes)
  const repaired = condition.repairedRecords > 0 ? `, ${condition.repairedRecords} repaired` : ''
  return `${Math.floor(share * 100)} %${repaired}`
}

/** The answer for programs. Unreachable members stand in it with their `error`, others have `null` there. */
export function statusJson(groups: readonly GroupVerdict[]): object {
  return {
    verdict: worstOf(groups.map((group) => group.verdict)),
    groups: groups.map(({ members, ...group }) => {
      const committed = committedBy(members)
      return { ...group, members: members.map((member) => memberJson(member, committed)) }
    }),
  }
}

function memberJson(member: MemberFacts, committed: number): object {
  const { id, endpoint, status, error } = member
  if (status === undefined) return { id, endpoint, role: 'unreachable', error }
  const { members, digests, ...facts } = status
  return {
    ...facts,
    id,
    endpoint,
    lag: lagOf(member, committed),
    digest: lastDigest(member) ?? null,
    digests,
    peerEndpoint: members.find((one) => one.id === id)?.peerEndpoint ?? '',
    error: null,
  }
}
