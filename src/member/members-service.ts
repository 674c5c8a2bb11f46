/** `dledger.v1.Members` on every member: what changes the group goes to the leader. */
import { nodeId, type NodeId } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Draft } from '../rpc/draft.ts'
import type { MemberList, MembersCalls } from '../rpc/members-types.ts'
import type { Method } from '../rpc/service.ts'
import { typedService } from '../rpc/typed-service.ts'
import type { AtLeader } from './at-leader.ts'
import { type MemberFacts, peerStates } from './describe-member.ts'
import type { AdminCall } from './internal-calls.ts'
import type { MemberChanges, NewMember } from './member-changes.ts'

/** How these calls are named on their way to the leader. */
const PREFIX = 'members/'

export interface MembersServiceOptions {
  readonly changes: MemberChanges
  readonly atLeader: AtLeader
  readonly facts: () => MemberFacts
}

export class MembersService {
  readonly #options: MembersServiceOptions

  constructor(options: MembersServiceOptions) {
    this.#options = options
  }

  /** The methods for the client port. */
  methods(): readonly Method[] {
    return typedService<MembersCalls>('dledger.v1.Members', {
      List: async () => this.#list(),
      Add: async (_context, { id, peerEndpoint, clientEndpoint, listens }) =>
        this.#add({ id: nodeId(id), peer: peerEndpoint, client: clientEndpoint, listens, replaces: 0 }),
      Replace: async (_context, { oldId, id, peerEndpoint, clientEndpoint }) => {
        if (oldId === 0) throw new BrokerError('BAD_REQUEST', 'say which member is to be replaced')
        const replaces = nodeId(oldId)
        const addresses = { id: nodeId(id), peer: peerEndpoint, client: clientEndpoint }
        return this.#add({ ...addresses, listens: false, replaces })
      },
      Remove: async (_context, { id }) => {
        await this.#options.atLeader.call({ method: `${PREFIX}remove`, request: { id } })
        return {}
      },
      Transfer: async (_context, { to }) => {
        await this.#options.atLeader.call({ method: `${PREFIX}transfer`, request: { to } })
        return {}
      },
    })
  }

  /** Does `run` know the call? */
  knows({ method }: AdminCall): boolean {
    return method.startsWith(PREFIX)
  }

  /** Runs a call of another member on this one, which must lead. */
  async run({ method, request }: AdminCall): Promise<unknown> {
    const { changes } = this.#options
    switch (method) {
      case `${PREFIX}list`:
        return memberList(this.#options.facts())
      case `${PREFIX}add`:
        await changes.add(request as NewMember)
        return {}
      case `${PREFIX}remove`:
        await changes.remove((request as { readonly id: NodeId }).id)
        return {}
      case `${PREFIX}transfer`:
        await changes.transfer((request as { readonly to: NodeId | 0 }).to)
        return {}
      default:
        throw new BrokerError('NOT_IMPLEMENTED', `there is no call ${method}`)
    }
  }

  /** A repeat asks for the same id, so it changes nothing. */
  async #add(member: NewMember): Promise<Record<string, never>> {
    await this.#options.atLeader.call({ method: `${PREFIX}add`, request: member })
    return {}
  }

  async #list(): Promise<Draft<MemberList>> {
    const facts = this.#options.facts()
    if (facts.broker.ledger.role.leader === 0) return memberList(facts)
    try {
      const call = { method: `${PREFIX}list`, request: {} }
      return (await this.#options.atLeader.call(call)) as Draft<MemberList>
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      return memberList(facts)
    }
  }
}

/** The group as this member knows it. */
function memberList(facts: MemberFacts): Draft<MemberList> {
  const { members, broker, storage, config } = facts
  const { status } = broker.ledger
  const peers = new Map(peerStates(facts).map((peer) => [peer.id, peer]))
  return {
    clusterId: storage.identity.identity.clusterId,
    group: config.group,
    members: members.members.map(({ id, peer, client, role, goal, replaces }) => ({
      id,
      peerEndpoint: peer,
      clientEndpoint: client,
      role,
      joining: role === 'learner' && goal === 'voter',
      replaces,
      connected: id === config.id,
      refusal: '',
      ...peers.get(id),
    })),
    leaderId: status.leader,
    term: status.term,
    lastIndex: status.lastIndex,
    index: status.configuration.index,
    committed: status.configuration.index <= status.commitIndex,
    nextId: members.highestId + 1,
  }
}
