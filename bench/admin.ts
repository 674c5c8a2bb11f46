/** The few calls of `dledger.v1.Admin` that benches and runs with faults need. */
import { join } from 'node:path'
import { Client, credentials } from '@grpc/grpc-js'
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader'
import { projectFolder } from './children.ts'

const CALL_MS_MAX = 2_000
const TOPIC_MS_MAX = 15_000
/** The gRPC status. */
const NOT_FOUND = 5

/** What a bench looks at of a member's state. */
export interface MemberStatus {
  readonly role: string
  readonly leaderId: number
  readonly term: number
  readonly commitIndex: number
  readonly appliedIndex: number
}

const definitions = loadSync('dledger/v1/admin.proto', {
  includeDirs: [join(projectFolder(), 'proto')],
  longs: Number,
  enums: String,
  defaults: true,
})
const service = definitions['dledger.v1.Admin'] as ServiceDefinition

const clients = new Map<string, Admin>()

/** The client for one address; there is one for each. */
export function adminOf(address: string): Admin {
  const known = clients.get(address) ?? new Admin(address)
  clients.set(address, known)
  return known
}

export class Admin {
  private readonly client: Client

  constructor(address: string) {
    this.client = new Client(address, credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 200,
    })
  }

  /** `undefined` when the member does not answer. */
  async describeMember(): Promise<MemberStatus | undefined> {
    try {
      return (await this.call('DescribeMember', {}, CALL_MS_MAX)) as MemberStatus
    } catch {
      return undefined
    }
  }

  /** Whether the member knows the topic. Rejects when it does not answer. */
  async hasTopic(name: string): Promise<boolean> {
    try {
      await this.call('DescribeTopic', { name }, CALL_MS_MAX)
      return true
    } catch (error) {
      if ((error as { code?: number }).code === NOT_FOUND) return false
      throw error
    }
  }

  /** `messageType` as in apache.rocketmq.v2; 0 is NORMAL. */
  async createTopic(name: string, messageType = 0): Promise<void> {
    await this.call('CreateTopic', { name, messageType }, TOPIC_MS_MAX)
  }

  private call(method: string, request: object, msMax: number): Promise<unknown> {
    const definition = service[method]
    if (definition === undefined) throw new Error(`dledger.v1.Admin has no ${method}`)
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        request,
        { deadline: Date.now() + msMax },
        (error, answer) => (error === null ? resolve(answer) : reject(error)),
      )
    })
  }
}
