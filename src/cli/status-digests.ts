/**
 * Compares the digests of members at equal log indexes. Same log, same state: two digests at one index differ
 * only if a member's state is damaged. Pure.
 */
import type { MemberFacts } from './status-facts.ts'

/** A disagreement at one index. */
export interface DigestFault {
  readonly index: number
  /** Members whose digest is not that of the majority; all of them when there is no majority. */
  readonly differing: readonly MemberFacts[]
  /** Whether more than half of those compared agree with each other. */
  readonly majority: boolean
}

/** The newest index at which members disagree, or `undefined` when all comparable digests are equal. */
export function digestFault(members: readonly MemberFacts[]): DigestFault | undefined {
  const byIndex = new Map<number, Map<MemberFacts, string>>()
  for (const member of members) {
    for (const { index, digest } of member.status?.digests ?? []) {
      const row = byIndex.get(index) ?? new Map<MemberFacts, string>()
      byIndex.set(index, row.set(member, digest))
    }
  }
  const indexes = [...byIndex.keys()].sort((a, b) => b - a)
  for (const index of indexes) {
    const fault = faultAt(index, byIndex.get(index) ?? new Map())
    if (fault !== undefined) return fault
  }
  return undefined
}

function faultAt(index: number, row: ReadonlyMap<MemberFacts, string>): DigestFault | undefined {
  const counts = new Map<string, number>()
  for (const digest of row.values()) counts.set(digest, (counts.get(digest) ?? 0) + 1)
  if (counts.size < 2) return undefined
  const [most] = [...counts].sort((a, b) => b[1] - a[1])
  const majority = most !== undefined && most[1] * 2 > row.size
  const differing = [...row].filter(([, digest]) => !majority || digest !== most[0]).map(([member]) => member)
  return { index, differing, majority }
}
