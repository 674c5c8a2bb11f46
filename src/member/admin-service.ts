/**
 * `dledger.v1.Admin` on every member: describing is answered here, changing goes to the leader, and a topic
 * counts as made when every member that can be reached serves it.
 */
import type { LogIndex, NodeId } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Admin } from '../broker/admin.ts'
import type { Broker } from '../broker/broker.ts'
import type {
  AdminCalls,
  CreateGroupRequest,
  CreateTopicRequest,
  MemberStatus,
  UpdateGroupRequest,
  UpdateTopicRequest,
} from '../rpc/admin-types.ts'
import type { Draft } from '../rpc/draft.ts'
import type { Method } from '../rpc/service.ts'
import { typedService } from '../rpc/typed-service.ts'
import type { AtLeader } from './at-leader.ts'
import { isConsumeCall, redriveDeadLetters, resetOffsets, runConsumeCall } from './consume-calls.ts'
import type { AdminCall, InternalCalls } from './internal-calls.ts'

/** A change waits this long for the other members to serve it. */
const SERVING_MS_MAX = 3_000

export interface AdminServiceOptions {
  readonly ownId: NodeId
  readonly members: () => readonly NodeId[]
  readonly broker: Broker
  readonly admin: Admin
  readonly atLeader: AtLeader
  readonly calls: InternalCalls
  readonly describeMember: () => Draft<MemberStatus>
}

export class AdminService {
  readonly #options: AdminServiceOptions

  constructor(options: AdminServiceOptions) {
    this.#options = options
  }

  get admin(): Admin {
    return this.#options.admin
  }

  get atLeader(): AtLeader {
    return this.#options.atLeader
  }

  /** The methods for the client port. */
  methods(): readonly Method[] {
    const { admin, describeMember } = this.#options
    return typedService<AdminCalls>('dledger.v1.Admin', {
      DescribeMember: async () => describeMember(),
      CreateTopic: async (_context, request) => this.#createTopic(request),
      UpdateTopic: async (_context, request) =>
        this.serving(await this.#atLeader({ method: 'updateTopic', request })),
      DeleteTopic: async (_context, request) => {
        await this.#atLeader({ method: 'deleteTopic', request })
        return {}
      },
      ListTopics: async () => ({ topics: admin.listTopics() }),
      DescribeTopic: async (_context, { name }) => admin.describeTopic(name),
      CreateGroup: async (_context, request) => {
        await this.#atLeader({ method: 'createGroup', request })
        return {}
      },
      UpdateGroup: async (_context, request) => {
        await this.#atLeader({ method: 'updateGroup', request })
        return {}
      },
      DeleteGroup: async (_context, request) => {
        await this.#atLeader({ method: 'deleteGroup', request })
        return {}
      },
      ListGroups: async () => ({ groups: admin.listGroups() }),
      DescribeGroup: async (_context, { name }) => admin.describeGroup(name),
      ResetOffsets: async (_context, request) => resetOffsets(this.#options.atLeader, request),
      RedriveDeadLetters: async (_context, request) => redriveDeadLetters(this.#options.atLeader, request),
    })
  }

  /** Makes a topic with the defaults, on this member, which must lead; resolves when the members serve it. */
  async createDefaultTopic(name: string): Promise<void> {
    const request = { name, messageType: 0, queueCount: 0 }
    await this.serving(await this.run({ method: 'createTopic', request }))
  }

  /** How far a read must see that begins now, as the leader says (thesis 6.4). */
  readIndex(): Promise<LogIndex> {
    return this.#atLeader({ method: 'readIndex', request: {} })
  }

  /** Runs a call of another member on this one, which must lead. */
  async runAny(call: AdminCall): Promise<unknown> {
    return isConsumeCall(call) ? runConsumeCall(this.#options.broker, call) : this.run(call)
  }

  /** Runs a call on this member, which must lead. Returns the index of the entry that made the change. */
  async run(call: AdminCall): Promise<LogIndex> {
    const { admin, broker } = this.#options
    const request = call.request as { readonly name: string }
    switch (call.method) {
      case 'readIndex':
        if (!broker.ledger.leading) throw new BrokerError('NOT_LEADER', 'this member does not lead')
        return broker.ledger.requests.readIndex()
      case 'createTopic': {
        const { name, messageType, queueCount } = call.request as CreateTopicRequest
        return admin.createTopic(name, messageType, queueCount)
      }
      case 'updateTopic':
        return admin.updateTopic(call.request as UpdateTopicRequest)
      case 'updateGroup':
        return admin.updateGroup(call.request as UpdateGroupRequest)
      case 'leaveTopic': {
        const { group, topic } = call.request as { readonly group: string; readonly topic: string }
        return admin.leaveTopic(group, topic)
      }
      case 'deleteTopic':
        return admin.deleteTopic(request.name)
      case 'createGroup':
        return admin.createGroup(call.request as CreateGroupRequest)
      case 'deleteGroup':
        return admin.deleteGroup(request.name)
      default:
        throw new BrokerError('NOT_IMPLEMENTED', `there is no administration call ${call.method}`)
    }
  }

  async #createTopic(
    request: CreateTopicRequest,
  ): Promise<{ readonly serving: readonly number[]; readonly unreachable: readonly number[] }> {
    const index = await this.#atLeader({ method: 'createTopic', request })
    return this.serving(index)
  }

  /** Waits until the members that can be reached have applied the entry. */
  async serving(
    index: LogIndex,
  ): Promise<{ readonly serving: readonly number[]; readonly unreachable: readonly number[] }> {
    const { ownId, members, broker, calls } = this.#options
    const serving: number[] = []
    const unreachable: number[] = []
    await Promise.all(
      members().map(async (id) => {
        try {
          if (id === ownId) await broker.ledger.waitApplied(index, AbortSignal.timeout(SERVING_MS_MAX))
          else await calls.waitApplied(id, index, SERVING_MS_MAX)
          serving.push(id)
        } catch {
          unreachable.push(id)
        }
      }),
    )
    return { serving: serving.sort((a, b) => a - b), unreachable: unreachable.sort((a, b) => a - b) }
  }

  /**
   * Runs a change at the leader. A repeat after an unknown outcome is safe: making what is there already, with the same
   * settings, answers the same.
   */
  async #atLeader(call: AdminCall): Promise<LogIndex> {
    const { atLeader, broker } = this.#options
    const settle = (error: BrokerError): LogIndex | undefined => {
      return isDeletedAlready(call, error) ? broker.machine.appliedIndex : undefined
    }
    return (await atLeader.call(call, settle)) as LogIndex
  }
}

/** The first try of a deletion may have succeeded. */
function isDeletedAlready(call: AdminCall, error: BrokerError): boolean {
  return (
    (call.method === 'deleteTopic' && error.code === 'TOPIC_NOT_FOUND') ||
    (call.method === 'deleteGroup' && error.code === 'GROUP_NOT_FOUND')
  )
}
