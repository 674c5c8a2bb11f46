/**
 * Who belongs to the group. A configuration counts as soon as it stands in the log, and no longer when the log
 * is cut before it (thesis 4.1). Members change by joint consensus (thesis 4.3): one entry joins the old and the
 * new voters, and when both their majorities have it, a second one leaves the old voters behind.
 */
import { assert } from '../base/assert.ts'
import { logIndex, type LogIndex, type NodeId } from '../base/brand.ts'
import { NOOP_RECORD_BYTES } from './noop.ts'
import type { Configuration, ConfigurationAt } from './types.ts'

/** What the body of a configuration's record takes beside its ids and details, in bytes: a version and three counts. */
const BODY_HEAD_BYTES = 8
const ID_BYTES = 4

/** What the record of a configuration takes in the log, in bytes. The shell writes exactly so many. */
export function configurationRecordBytes(configuration: Configuration): number {
  const { voters, votersOutgoing, learners, details } = configuration
  const ids = voters.length + votersOutgoing.length + learners.length
  return NOOP_RECORD_BYTES + BODY_HEAD_BYTES + ID_BYTES * ids + (details?.byteLength ?? 0)
}

/** The configuration that a group begins with. Without voters: this node is to be told who they are. */
export function founding(voters: readonly NodeId[]): ConfigurationAt {
  return { index: logIndex(0), configuration: { voters, votersOutgoing: [], learners: [] } }
}

/** Do two sets of voters decide together? */
export function isJoint(configuration: Configuration): boolean {
  return configuration.votersOutgoing.length > 0
}

/** What a joint configuration leads to. */
export function withoutOutgoing(joint: Configuration): Configuration {
  return { ...joint, votersOutgoing: [] }
}

/** Does its vote count in one of the sets? */
export function isVoterOf(configuration: Configuration, id: NodeId): boolean {
  return configuration.voters.includes(id) || configuration.votersOutgoing.includes(id)
}

/** All voters of both sets, each once. */
export function votersOf({ voters, votersOutgoing }: Configuration): readonly NodeId[] {
  return votersOutgoing.length === 0 ? voters : [...new Set([...voters, ...votersOutgoing])]
}

/** The configurations of one log. */
export class Membership {
  // Rule: indexes grow strictly. The first one counted at the base of the log.
  #known: ConfigurationAt[] = []

  constructor(known: readonly ConfigurationAt[]) {
    assert(known.length > 0, 'a log has a configuration')
    for (const at of known) this.append(at)
  }

  /** The newest in the log: it counts, committed or not. */
  get latest(): ConfigurationAt {
    const latest = this.#known.at(-1)
    assert(latest !== undefined, 'a log has a configuration')
    return latest
  }

  get current(): Configuration {
    return this.latest.configuration
  }

  /** The one before the latest, which holds again if the log is cut; `null` when it is forgotten. */
  get previous(): Configuration | null {
    return this.#known.at(-2)?.configuration ?? null
  }

  /** The one that counts at an entry that the log holds. */
  at(index: LogIndex): Configuration {
    const at = this.#known.findLast((known) => known.index <= index)
    assert(at !== undefined, 'the configuration is not forgotten', { index })
    return at.configuration
  }

  append(at: ConfigurationAt): void {
    assert(isWhole(at.configuration), 'a configuration makes sense', { index: at.index })
    const last = this.#known.at(-1)
    assert(last === undefined || at.index > last.index, 'configurations follow one another', {
      index: at.index,
    })
    this.#known.push(at)
  }

  /** The log is cut at `index`. */
  truncateFrom(index: LogIndex): void {
    while (this.latest.index >= index) {
      assert(this.#known.length > 1, 'the first configuration is never cut', { index })
      this.#known.pop()
    }
  }

  /** The log forgets everything up to `index`: the configuration that counts there is the first one now. */
  forgetTo(index: LogIndex): void {
    this.#known.splice(
      0,
      this.#known.findLastIndex((known) => known.index <= index),
    )
    assert(this.latest.index >= (this.#known[0]?.index ?? 0), 'the first configuration stays')
  }

  /** The log is empty after a state in which this counted. */
  reset(at: ConfigurationAt): void {
    this.#known = []
    this.append(at)
  }
}

/** Does it name each member once, no voter as a learner, and somebody to go over to? */
export function isWhole({ voters, votersOutgoing, learners }: Configuration): boolean {
  const isPlain = [voters, votersOutgoing, learners].every((ids) => new Set(ids).size === ids.length)
  const isApart = voters.every((id) => !learners.includes(id))
  return isPlain && isApart && (voters.length > 0 || votersOutgoing.length === 0)
}
