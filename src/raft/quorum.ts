/**
 * Majorities: how many are needed, what a majority holds, who voted how. While a configuration is joint, each of
 * its two sets of voters must agree (thesis 4.3). Pure functions and a ballot box.
 */
import { assert } from '../base/assert.ts'
import type { NodeId } from '../base/brand.ts'
import { isJoint } from './membership.ts'
import type { Configuration } from './types.ts'

/** The smallest number of voters of which any two sets share a member. */
export function majorityOf(voterCount: number): number {
  assert(voterCount >= 1, 'a group has a voter', { voterCount })
  return Math.floor(voterCount / 2) + 1
}

/**
 * The largest index that a majority has reached, given the index of every voter (thesis 3.5). Sorts
 * `reached` in place.
 */
export function majorityReached(reached: number[]): number {
  const needed = majorityOf(reached.length)
  reached.sort((a, b) => b - a)
  const index = reached[needed - 1]
  assert(index !== undefined, 'a majority is not larger than the group')
  return index
}

/** The largest number that a majority of each set of voters has reached. Who is no voter is never asked. */
export function quorumReached(configuration: Configuration, reachedBy: (voter: NodeId) => number): number {
  const incoming = majorityReached(configuration.voters.map(reachedBy))
  if (!isJoint(configuration)) return incoming
  return Math.min(incoming, majorityReached(configuration.votersOutgoing.map(reachedBy)))
}

/** How an election stands. */
export type Tally = 'won' | 'lost' | 'open'

/** What a voter said. */
type Vote = 'yes' | 'yes, in doubt' | 'no'

/** The votes of one election. Each voter counts once, whatever arrives twice; others do not count. */
export class Ballot {
  readonly #configuration: Configuration
  readonly #votes = new Map<NodeId, Vote>()

  constructor(configuration: Configuration) {
    this.#configuration = configuration
  }

  /** Counts the first answer of a voter; later ones change nothing. `inDoubt`: see doubt.ts. */
  count(voter: NodeId, granted: boolean, inDoubt = false): void {
    if (this.#votes.has(voter)) return
    const yes = inDoubt ? 'yes, in doubt' : 'yes'
    this.#votes.set(voter, granted ? yes : 'no')
  }

  /** `won`: in each set of voters. `lost`: in one of them. */
  get tally(): Tally {
    const incoming = this.#tallyOf(this.#configuration.voters)
    if (!isJoint(this.#configuration)) return incoming
    const outgoing = this.#tallyOf(this.#configuration.votersOutgoing)
    if (incoming === 'lost' || outgoing === 'lost') return 'lost'
    return incoming === 'won' ? outgoing : 'open'
  }

  /**
   * `won`: a majority granted that is in no doubt, or everybody granted. `lost`: neither can be any more.
   *
   * A committed entry is in the log of one voter at least of any majority that is in no doubt, since it lost
   * nothing. And as long as one copy of it is left anywhere, it is in the log of one of all voters.
   */
  #tallyOf(voters: readonly NodeId[]): Tally {
    const said = (vote: Vote): number => voters.filter((voter) => this.#votes.get(voter) === vote).length
    const needed = majorityOf(voters.length)
    const [granted, inDoubt, refused] = [said('yes'), said('yes, in doubt'), said('no')]
    if (granted >= needed || granted + inDoubt === voters.length) return 'won'
    const grantedAtMost = voters.length - refused - inDoubt
    return refused > 0 && grantedAtMost < needed ? 'lost' : 'open'
  }
}
