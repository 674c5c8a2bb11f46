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
  readonly #votes = new Map<NodeId, boolean>()
  #granted = 0

  constructor(voterCount: number) {
    this.#voterCount = voterCount
    this.#needed = majorityOf(voterCount)
  }

  /** Counts the first answer of a voter; later ones change nothing. */
  count(voter: NodeId, granted: boolean): void {
    if (this.#votes.has(voter)) return
    this.#votes.set(voter, granted)
    if (granted) this.#granted++
    assert(this.#votes.size <= this.#voterCount, 'only voters vote')
  }

  /** `lost`: so many refused that the rest cannot make a majority any more. */
  get tally(): Tally {
    if (this.#granted >= this.#needed) return 'won'
    const refused = this.#votes.size - this.#granted
    return refused > this.#voterCount - this.#needed ? 'lost' : 'open'
  }
}
