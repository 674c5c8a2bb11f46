/**
 * Changes of the members as the leader makes them. A new member first listens as a learner, and votes as soon as it has
 * caught up. That it is to vote, and whose place it takes, stands in the log with it: whoever leads goes on with it.
 *
 * Rule: an id is given once. A member with an empty folder under an id that has voted could vote twice.
 */
import { type NodeId, nodeId } from '../base/brand.ts'
import { splitEndpoint } from '../base/config.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import { MEMBERS_MAX } from '../base/limits.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { KnownMember, KnownMembers } from '../dledger/known-members.ts'
import { encodeDetails, type MemberAddresses, type MemberDetails } from '../dledger/member-details.ts'
import type { DLedgerServer } from '../dledger/server.ts'
import type { RaftStatus, Target } from '../raft/types.ts'

/** Learners that are to vote are looked at so often. */
const LOOK_MS = 200
/** What is in the log of a leader that hands over gets this long to be answered before. */
const SETTLE_MS = 1_000

/** A member that is to come. */
export interface NewMember extends MemberAddresses {
  /** It only ever listens. */
  readonly listens: boolean
  /** The voter that goes when this one votes; 0: nobody. */
  readonly replaces: NodeId | 0
}

export interface MemberChangesOptions {
  readonly ownId: NodeId
  readonly ledger: Pick<DLedgerServer<unknown>, 'leading' | 'status' | 'requests' | 'handOver'>
  readonly members: KnownMembers
  /** Connects to a member that is to come; resolves with the id of its data folder. */
  readonly meet: (candidate: MemberAddresses) => Promise<string>
  /** The data folder of a member that was met, or nothing. */
  readonly folderOf: (id: NodeId) => string
  /** A member that was not heard for so many ticks does not answer. */
  readonly silentTicks: number
  readonly clock: Clock
  readonly logger: Logger
}

export class MemberChanges {
  readonly #options: MemberChangesOptions
  #isBusy = false
  #cancelLook: () => void = () => undefined

  constructor(options: MemberChangesOptions) {
    this.#options = options
  }

  /** This member leads from now on, or no more: it brings learners on their way to vote, or leaves that to others. */
  lead(leading: boolean): void {
    this.#cancelLook()
    if (leading) this.#lookLater()
  }

  stop(): void {
    this.#cancelLook()
  }

  /**
   * Makes a member that is running, with an empty folder, a learner. Resolves when that is committed; it votes later. The
   * same again changes nothing. Throws BAD_REQUEST, ILLEGAL_OPERATION, PEER_REFUSED, NOT_LEADER, BUSY.
   */
  async add(member: NewMember): Promise<void> {
    await this.#alone(async () => {
      const members = this.#members()
      const known = members.find(({ id }) => id === member.id)
      if (known !== undefined) return checkSame(known, member)
      this.#checkNew(member, members)
      const folderId = await this.#options.meet(member)
      const { id, peer, client, replaces, listens } = member
      const goal = listens ? 'none' : 'voter'
      const details: MemberDetails = { id, peer, client, folderId, goal, replaces }
      const { voters, learners } = this.#current()
      await this.#change({ voters, learners: [...learners, id] }, details)
    })
  }

  /** Resolves when the member is left out, committed. One that was left out before stays out. Throws as `add`. */
  async remove(id: NodeId): Promise<void> {
    await this.#alone(async () => {
      const { voters, learners } = this.#current()
      if (!voters.includes(id) && !learners.includes(id)) {
        if (id >= 1 && id <= this.#options.members.highestId) return
        throw refused(`member ${id} does not belong to the group`)
      }
      const target = { voters: without(voters, id), learners: without(learners, id) }
      if (target.voters.length === 0) throw refused('the last voter cannot be removed')
      this.#checkAlive(target.voters)
      await this.#change(target)
    })
  }

  /** Lets another voter lead, 0: whoever has most of the log. Throws ILLEGAL_OPERATION, TIMEOUT, NOT_LEADER. */
  async transfer(to: NodeId | 0): Promise<void> {
    const { ledger, ownId } = this.#options
    if (!ledger.leading) throw notLeader('none')
    if (to === ownId) return
    const outcome = await ledger.handOver(AbortSignal.timeout(SETTLE_MS), to)
    if (outcome.type === 'left') return
    if (outcome.type === 'refused') throw refused(outcome.reason)
    throw new BrokerError('TIMEOUT', `member ${outcome.to} did not take over in time; this one leads on`)
  }

  #checkNew({ id, peer, client, replaces }: NewMember, members: readonly KnownMember[]): void {
    const { highestId } = this.#options.members
    if (id <= highestId) {
      throw refused(
        `id ${id} was given before and is never given again: take ${highestId + 1} or a higher one`,
      )
    }
    if (id > 65_535) throw refused(`an id is at most 65535, not ${id}`)
    if (members.length >= MEMBERS_MAX) throw refused(`a group has at most ${MEMBERS_MAX} members`)
    for (const address of [peer, client]) {
      if (splitEndpoint(address) === undefined) throw refused(`"${address}" is no address as host:port`)
    }
    if (replaces !== 0 && members.every((member) => member.id !== replaces || member.role !== 'voter')) {
      throw refused(`member ${replaces} is no voter, so nobody can take its place`)
    }
    const taken = members.find((member) => member.id !== replaces && sharesAddress(member, peer, client))
    if (taken !== undefined) throw refused(`member ${taken.id} is reached at one of these addresses`)
  }

  /** A group whose voters do not answer could not even take its change back. */
  #checkAlive(voters: readonly NodeId[]): void {
    const status = this.#options.ledger.status
    for (const decide of [voters, status.configuration.configuration.voters]) {
      const silent = decide.filter((id) => !this.#answers(status, id))
      if (silent.length * 2 < decide.length) continue
      const names = silent.join(', ')
      const reason = `of the voters ${decide.join(', ')} these do not answer: ${names}; the group would stand still`
      throw refused(reason)
    }
  }

  #answers({ peers }: RaftStatus, id: NodeId): boolean {
    const { ownId, silentTicks } = this.#options
    return id === ownId || (peers.find(({ peer }) => peer === id)?.silentTicks ?? Infinity) < silentTicks
  }

  #members(): readonly KnownMember[] {
    return this.#options.members.inLog
  }

  #current(): Target {
    return this.#options.ledger.status.configuration.configuration
  }

  /** One change at a time. */
  async #alone(change: () => Promise<void>): Promise<void> {
    if (!this.#options.ledger.leading) throw notLeader('none')
    if (this.#isBusy) throw new BrokerError('BUSY', 'another change of the members is under way; try again')
    this.#isBusy = true
    try {
      await change()
    } finally {
      this.#isBusy = false
    }
  }

  /** Makes these the members; `changed` are the details of one that differ from what is known. */
  async #change({ voters, learners }: Target, changed?: MemberDetails): Promise<void> {
    const { ledger, members } = this.#options
    const known = members.inLog
    const details = [...voters, ...learners].map((id) => {
      return changed?.id === id ? changed : this.#detailsOf(id, known)
    })
    const highestId = nodeId(Math.max(members.highestId, ...details.map(({ id }) => id)))
    const target = { voters, learners, details: encodeDetails({ highestId, members: details }) }
    const outcome = await ledger.requests.changeMembers(target)
    if (outcome.type === 'unknown') throw notLeader('unknown')
    if (outcome.type === 'changed') return
    if (!ledger.leading) throw notLeader('none')
    throw new BrokerError('BUSY', `the members cannot be changed now: ${outcome.reason}`)
  }

  #detailsOf(id: NodeId, known: readonly KnownMember[]): MemberDetails {
    const nothing = { id, peer: '', client: '', folderId: '', goal: 'none', replaces: 0 } as const
    const { peer, client, folderId, goal, replaces } = known.find((member) => member.id === id) ?? nothing
    return {
      id,
      peer,
      client,
      folderId: folderId === '' ? this.#options.folderOf(id) : folderId,
      goal,
      replaces,
    }
  }

  #lookLater(): void {
    this.#cancelLook = this.#options.clock.timer(LOOK_MS, () => {
      this.#look().catch((error: unknown) => {
        this.#options.logger.debug({ error: messageOf(error) }, 'learner not made a voter yet')
      })
      this.#lookLater()
    })
  }

  /** Makes a learner that is to vote, and has caught up, a voter, in the place of another one if it says so. */
  async #look(): Promise<void> {
    const learner = this.#members().find(({ role, goal }) => role === 'learner' && goal === 'voter')
    if (learner === undefined || this.#isBusy || !this.#options.ledger.leading) return
    const { id, replaces } = learner
    const { voters, learners } = this.#current()
    const target = { voters: [...without(voters, replaces), id], learners: without(learners, id) }
    await this.#alone(() =>
      this.#change(target, { ...this.#detailsOf(id, [learner]), goal: 'none', replaces: 0 }),
    )
    this.#options.logger.info({ peer: id, replaces }, 'learner made a voter')
  }
}

/** Throws ILLEGAL_OPERATION when the id belongs to a member that is reached elsewhere or has another part. */
function checkSame(known: KnownMember, { id, peer, client, listens, replaces }: NewMember): void {
  const isSame = known.peer === peer && known.client === client
  const isOnItsWay = known.role !== 'learner' || (known.goal === 'none') === listens
  const isInPlace = known.role !== 'learner' || known.replaces === replaces
  if (isSame && isOnItsWay && isInPlace) return
  throw refused(`member ${id} belongs to the group already, otherwise than asked for here`)
}

function sharesAddress(member: KnownMember, peer: string, client: string): boolean {
  return [member.peer, member.client].some((address) => address === peer || address === client)
}

function without(ids: readonly NodeId[], id: NodeId | 0): readonly NodeId[] {
  return ids.filter((one) => one !== id)
}

function refused(reason: string): BrokerError {
  return new BrokerError('ILLEGAL_OPERATION', reason)
}

function notLeader(outcome: 'none' | 'unknown'): BrokerError {
  return new BrokerError('NOT_LEADER', 'this member does not lead', { outcome })
}
