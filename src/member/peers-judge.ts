/** Judges who may talk to this member, one greeting of a peer after the other, and remembers durably first. */
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
  #last: Promise<unknown> = Promise.resolve()

  constructor(identity: IdentityStore, own: PeerIdentity) {
    this.#identity = identity
    this.#own = own
    for (const [id, start] of Object.entries(identity.identity.peers)) {
      this.#remembered.set(Number(id) as NodeId, start)
    }
  }

  /** `accepted` only after what must be remembered is durable. */
  judge(greeting: PeerGreeting): Promise<Verdict> {
    const verdict = this.#last.then(() => this.#judge(greeting))
    this.#last = verdict.catch(() => undefined)
    return verdict
  }

  async #judge(greeting: PeerGreeting): Promise<Verdict> {
    const before = this.#remembered.get(greeting.fromId)
    const { verdict, remember } = admit(before, greeting, this.#own)
    if (!verdict.accepted || remember === undefined || remember === before) return verdict
    const met = await this.#identity.meetPeer(greeting.fromId, remember)
    if (met.type === 'refused') return { accepted: false, reason: met.reason, folderRefused: true }
    this.#remembered.set(greeting.fromId, remember)
    return verdict
  }
}
