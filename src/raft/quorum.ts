/** Majorities: how many are needed, what a majority holds, who voted how. Pure functions and a ballot box. */
import { assert } from '../base/assert.ts'
import type { NodeId } from '../base/brand.ts'

/** The smallest number of voters of which any two sets share a member. */
export function majorityOf(voterCount: number): number {
  assert(voterCount >= 1, 'a group has a voter', { voterCount })
  return Math.floor(voterCount / 2) + 1
}

/**
 * The largest index that a majority has reached, given the index of every voter (thesis 3.5). Sorts
 * `reached` in place.
 */
export function majorityReached<Index extends number>(reached: Index[]): Index {
  const needed = majorityOf(reached.length)
  reached.sort((a, b) => b - a)
  const index = reached[needed - 1]
  assert(index !== undefined, 'a majority is not larger than the group')
  return index
}

/** How an election stands. */
export type Tally = 'won' | 'lost' | 'open'

/** The votes of one election. Each voter counts once, whatever arrives twice. */
export class Ballot {
  readonly #needed: number
  readonly #voterCount: number
  readonly #voters = new Set<NodeId>()
  #granted = 0
  /** Granted by voters that may have lost what they had acknowledged. */
  #inDoubt = 0
  #refused = 0

  constructor(voterCount: number) {
    this.#voterCount = voterCount
    this.#needed = majorityOf(voterCount)
  }

  /** Counts the first answer of a voter; later ones change nothing. `inDoubt`: see doubt.ts. */
  count(voter: NodeId, granted: boolean, inDoubt = false): void {
    if (this.#voters.has(voter)) return
    this.#voters.add(voter)
    if (!granted) this.#refused++
    else if (inDoubt) this.#inDoubt++
    else this.#granted++
    assert(this.#voters.size <= this.#voterCount, 'only voters vote')
  }

  /**
   * `won`: a majority granted that is in no doubt, or everybody granted. `lost`: neither can be any more.
   *
   * A committed entry is in the log of one voter at least of any majority that is in no doubt, since it lost
   * nothing. And as long as one copy of it is left anywhere, it is in the log of one of all voters.
   */
  get tally(): Tally {
    if (this.#granted >= this.#needed) return 'won'
    if (this.#granted + this.#inDoubt === this.#voterCount) return 'won'
    const grantedAtMost = this.#voterCount - this.#refused - this.#inDoubt
    return this.#refused > 0 && grantedAtMost < this.#needed ? 'lost' : 'open'
  }
}
