/** Judges who may talk to this member, and remembers it durably before letting them in. */
import type { NodeId } from '../base/brand.ts'
import type { IdentityStore } from '../dledger/identity-store.ts'
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
  readonly #remembered = new Map<NodeId, RememberedPeer>()

  constructor(identity: IdentityStore, own: PeerIdentity) {
    this.#identity = identity
    this.#own = own
    for (const [id, { folderId, startCount }] of Object.entries(identity.identity.peers)) {
      this.#remembered.set(Number(id) as NodeId, { folderId, startCount, processId: null })
    }
  }

  /** `accepted` only after what must be remembered is durable. */
  async judge(greeting: PeerGreeting): Promise<Verdict> {
    const before = this.#remembered.get(greeting.fromId)
    const { verdict, remember } = admit(before, greeting, this.#own)
    if (!verdict.accepted || remember === undefined || remember === before) return verdict
    this.#remembered.set(greeting.fromId, remember)
    const { folderId, startCount } = remember
    if (before === undefined || before.folderId !== folderId || before.startCount !== startCount) {
      await this.#identity.meetPeer(greeting.fromId, { folderId, startCount })
    }
    return verdict
  }
}
