/** Judges whether all members came to the same state: equal digests at equal indexes of the log. Pure. */
import type { Judgement } from '../verdict.ts'

/** What one member says of itself at the end of a run (`dledger-cli status --json`). */
export interface MemberDigests {
  readonly id: number
  readonly digests: readonly { readonly index: number; readonly digest: string }[]
}

/** Two digests at one index differ: divergence. All members together at no index: nothing can be said. */
export function checkDigests(members: readonly MemberDigests[]): Judgement {
  const byIndex = new Map<number, Map<number, string>>()
  for (const { id, digests } of members) {
    for (const { index, digest } of digests) {
      byIndex.set(index, (byIndex.get(index) ?? new Map<number, string>()).set(id, digest))
    }
  }
  const stories = [...byIndex].flatMap(([index, row]) => {
    if (new Set(row.values()).size < 2) return []
    const words = [...row].map(([id, digest]) => `member ${id} has ${digest}`)
    return [`the states differ at entry ${index}: ${words.join(', ')}`]
  })
  if (stories.length > 0) return { judge: 'digests', verdict: false, stories }
  const compared = [...byIndex.values()].some((row) => row.size === members.length)
  if (members.length > 1 && compared) return { judge: 'digests', verdict: true, stories }
  return { judge: 'digests', verdict: 'unknown', stories: ['the members gave no digest at a common index'] }
}
