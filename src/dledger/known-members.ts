/**
 * Who belongs to the group, as far as this member knows, and where the others are reached. Three sources, the newer
 * ones first: what a peer told of a configuration that this member's log does not have yet, the newest configuration in
 * the log, and the last committed one. Before the log has any: those who founded the group, with the addresses of the
 * configuration file.
 *
 * It decides whom to dial and whom to let in, never who votes: that is the core's, by its log alone. Pure.
 */
import { assert } from '../base/assert.ts'
import { logIndex, type NodeId, nodeId } from '../base/brand.ts'
import { BytesError } from '../base/bytes.ts'
import { type Configuration, type ConfigurationAt, votersOf } from '../raft/index.ts'
import {
  decodeDetails,
  encodeDetails,
  type GroupDetails,
  type MemberAddresses,
  type MemberDetails,
} from './member-details.ts'

/** A member as the newest configuration has it. */
export interface KnownMember extends MemberDetails {
  /** `leaving`: votes until the change that is under way is over. */
  readonly role: 'voter' | 'learner' | 'leaving'
}

/**
 * Whether an id may talk to this member. `newcomer`: an id higher than any that is known here, so this member's log may
 * be the older one; it may greet and tell what it knows, and nothing else. `removed`: no member, and never one again.
 * `stranger`: no member, as far as is known.
 */
export type Standing = 'member' | 'newcomer' | 'removed' | 'stranger'

/** What the log says. */
export interface LoggedMembers {
  readonly latest: ConfigurationAt
  /** The one that counts at the commit index. */
  readonly committed: Configuration
}

const NOBODY: GroupDetails = { highestId: nodeId(0), members: [] }

export class KnownMembers {
  readonly #file: readonly MemberAddresses[]
  #logged: LoggedMembers
  #heard: ConfigurationAt | null = null

  /**
   * `founders` are those of this folder's identity, empty for a member that joined; `file` is where the configuration
   * file says that members are reached, which counts until a configuration tells.
   */
  constructor(founders: readonly NodeId[], file: readonly MemberAddresses[]) {
    const configuration = { voters: founders, votersOutgoing: [], learners: [] }
    this.#file = file
    this.#logged = { latest: { index: logIndex(0), configuration }, committed: configuration }
  }

  /** The log says something else than before. */
  follow(logged: LoggedMembers): void {
    this.#logged = logged
    if (this.#heard !== null && !isNews(this.#heard, logged.latest)) this.#heard = null
  }

  /** A peer told its newest configuration. True when that is news. */
  hear(at: ConfigurationAt): boolean {
    if (!isNews(at, this.#logged.latest) || at.configuration.voters.length === 0) return false
    this.#heard = at
    return true
  }

  /** This member leads: no configuration is newer than its own. */
  lead(): void {
    this.#heard = null
  }

  /** Everybody of the newest configuration in this member's log, in the order of their ids. */
  get inLog(): readonly KnownMember[] {
    return this.#membersOf(this.#logged.latest.configuration)
  }

  /** Everybody of the newest configuration that is known, in the order of their ids. */
  get members(): readonly KnownMember[] {
    return this.#membersOf(this.#newest.configuration)
  }

  /** Everybody whom this member may have to talk to, also by configurations that a change may come back to. */
  get reach(): readonly KnownMember[] {
    const reach = new Map<NodeId, KnownMember>()
    for (const configuration of this.#sources()) {
      for (const member of this.#membersOf(configuration)) {
        if (!reach.has(member.id)) reach.set(member.id, member)
      }
    }
    if (reach.size > 0) return [...reach.values()]
    // Nobody is known yet: the file says whom to ask.
    return this.#file.map((member) => ({ ...plain(member), role: 'learner' }))
  }

  standingOf(id: NodeId): Standing {
    if (this.reach.some((member) => member.id === id)) return 'member'
    if (id > this.highestId) return 'newcomer'
    const isSure = this.#logged.latest.index > 0 && this.#isCommitted && this.#heard === null
    return isSure ? 'removed' : 'stranger'
  }

  /** This member once belonged to the group, as its log knows for sure, and does no more. */
  isRemoved(id: NodeId): boolean {
    const { latest, committed } = this.#logged
    if (latest.index === 0 || !this.#isCommitted || id > this.#detailsOf(latest.configuration).highestId)
      return false
    return !committed.learners.includes(id) && !votersOf(committed).includes(id)
  }

  /** The newest configuration with everything that is known of its members, to be told to peers and changed. */
  get told(): ConfigurationAt {
    const { index, configuration } = this.#newest
    const details = encodeDetails({ highestId: this.highestId, members: this.members })
    return { index, configuration: { ...configuration, details } }
  }

  /** The highest id that ever belonged to the group. */
  get highestId(): NodeId {
    const { voters, learners, votersOutgoing } = this.#newest.configuration
    const { highestId } = this.#detailsOf(this.#newest.configuration)
    return nodeId(Math.max(0, highestId, ...voters, ...learners, ...votersOutgoing))
  }

  get #newest(): ConfigurationAt {
    return this.#heard ?? this.#logged.latest
  }

  get #isCommitted(): boolean {
    return this.#logged.latest.configuration === this.#logged.committed
  }

  #sources(): readonly Configuration[] {
    const { latest, committed } = this.#logged
    return [...(this.#heard === null ? [] : [this.#heard.configuration]), latest.configuration, committed]
  }

  #membersOf(configuration: Configuration): readonly KnownMember[] {
    const { members } = this.#detailsOf(configuration)
    const { voters, learners } = configuration
    const ids = [...new Set([...votersOf(configuration), ...learners])].sort((a, b) => a - b)
    return ids.map((id) => {
      const details = members.find((member) => member.id === id) ?? plain(this.#fileEntry(id))
      const role = voters.includes(id) ? 'voter' : learners.includes(id) ? 'learner' : 'leaving'
      return { ...details, role }
    })
  }

  #fileEntry(id: NodeId): MemberAddresses {
    return this.#file.find((member) => member.id === id) ?? { id, peer: '', client: '' }
  }

  #detailsOf({ details }: Configuration): GroupDetails {
    if (details === undefined) return NOBODY
    try {
      return decodeDetails(details)
    } catch (error) {
      assert(error instanceof BytesError, 'details are read or refused')
      return NOBODY
    }
  }
}

/** Is a peer's configuration newer than this member's own? One without voters was never told who they are. */
function isNews(at: ConfigurationAt, own: ConfigurationAt): boolean {
  return at.index > own.index || own.configuration.voters.length === 0
}

function plain({ id, peer, client }: MemberAddresses): MemberDetails {
  return { id, peer, client, folderId: '', goal: 'none', replaces: 0 }
}
