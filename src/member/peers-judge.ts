/**
 * Judges who may talk to this member, one greeting of a peer after the other, and remembers durably first: it must
 * belong to the group, or be newer than what this member knows of it, and come with the data folder that is its own.
 */
import type { NodeId } from '../base/brand.ts'
import type { IdentityStore } from '../dledger/identity-store.ts'
import type { KnownMembers } from '../dledger/known-members.ts'
import {
  admit,
  type PeerGreeting,
  type PeerIdentity,
  type RememberedPeer,
  type Verdict,
} from '../dledger/peers/index.ts'

export class PeersJudge {
  readonly #identity: IdentityStore
  readonly #own: PeerIdentity
  readonly #members: KnownMembers
  readonly #remembered = new Map<NodeId, RememberedPeer>()
  /** The folders of all that were let in, also of those that are not remembered. */
  readonly #met = new Map<NodeId, string>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(identity: IdentityStore, own: PeerIdentity, members: KnownMembers) {
    this.#identity = identity
    this.#own = own
    this.#members = members
    for (const [id, start] of Object.entries(identity.identity.peers)) {
      this.#remembered.set(Number(id) as NodeId, start)
      this.#met.set(Number(id) as NodeId, start.folderId)
    }
  }

  /** The data folder of a member that was ever let in here. */
  folderOf(id: NodeId): string | undefined {
    return this.#met.get(id)
  }

  /** `accepted` only after what must be remembered is durable. */
  judge(greeting: PeerGreeting): Promise<Verdict> {
    const verdict = this.#last.then(() => this.#judge(greeting))
    this.#last = verdict.catch(() => undefined)
    return verdict
  }

  async #judge(greeting: PeerGreeting): Promise<Verdict> {
    const id = greeting.fromId
    const standing = this.#members.standingOf(id)
    const fault = this.#faultOf(greeting, standing)
    if (fault !== null) return fault
    const before = this.#remembered.get(id)
    const { verdict, remember } = admit(before, greeting, this.#own)
    if (!verdict.accepted) return verdict
    this.#met.set(id, greeting.folderId)
    // Until it belongs to the group it may come with another folder the next time.
    if (standing === 'newcomer' || remember === undefined || remember === before) return verdict
    const met = await this.#identity.meetPeer(id, remember)
    if (met.type === 'refused') return { accepted: false, reason: met.reason, folderRefused: true }
    this.#remembered.set(id, remember)
    return verdict
  }

  /** What the group knows of the member, before what this one remembers of it. */
  #faultOf({ fromId: id, folderId }: PeerGreeting, standing: string): Verdict | null {
    if (standing === 'stranger') {
      return { accepted: false, reason: `Member ${id} does not belong to this group`, folderRefused: false }
    }
    if (standing === 'removed') {
      const reason = `Member ${id} was removed from this group. Stop it for good; its machine may come back as a new member under a new id with an empty data folder`
      return { accepted: false, reason, folderRefused: true }
    }
    const folder = this.#members.reach.find((member) => member.id === id)?.folderId ?? ''
    if (folder === '' || folder === folderId) return null
    const reason = `Member ${id} comes with data folder ${folderId}, but it joined the group with data folder ${folder}. Put that one back, or replace the member under a new id`
    return { accepted: false, reason, folderRefused: true }
  }
}
