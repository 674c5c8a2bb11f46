/** The calls of `dledger.v1.Admin` that integration tests need. */
import { join } from 'node:path'
import { Client, credentials } from '@grpc/grpc-js'
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader'

export interface MemberStatus {
  readonly id: number
  readonly role: string
  readonly term: number
  readonly leaderId: number
  readonly lastIndex: number
  readonly commitIndex: number
  readonly appliedIndex: number
  readonly digests: readonly { readonly index: number; readonly digest: string }[]
  readonly peers: readonly { readonly id: number; readonly connected: boolean; readonly refusal: string }[]
  readonly problems: readonly string[]
  readonly dedupeConflicts: number
  readonly memoryBytes: number
  readonly logBytes: number
  readonly logCondition: {
    readonly inDoubt: boolean
    readonly damagedRecords: number
    readonly repairedRecords: number
    readonly openRecords: number
  }
}

export interface TopicDescription {
  readonly summary: { readonly messageCount: number }
  readonly queues: readonly { readonly queueId: number; readonly nextOffset: number }[]
}

export interface GroupDescription {
  readonly summary: { readonly lag: number; readonly inFlight: number }
}

const proto = loadSync('dledger/v1/admin.proto', {
  includeDirs: [join(import.meta.dirname, '..', '..', 'proto')],
  longs: Number,
  enums: String,
  defaults: true,
})
const service = proto['dledger.v1.Admin'] as ServiceDefinition

export class Admin {
  readonly #client: Client

  constructor(endpoint: string) {
    this.#client = new Client(endpoint, credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 100,
    })
  }

  /** `undefined` when the member does not answer within a second. */
  async describeMember(): Promise<MemberStatus | undefined> {
    try {
      return (await this.call('DescribeMember', {}, 1_000)) as MemberStatus
    } catch {
      return undefined
    }
  }

  async createTopic(name: string, queueCount = 0): Promise<void> {
    await this.call('CreateTopic', { name, queueCount })
  }

  async createGroup(name: string, attemptsMax = 0): Promise<void> {
    await this.call('CreateGroup', { name, attemptsMax })
  }

  async describeTopic(name: string): Promise<TopicDescription> {
    return (await this.call('DescribeTopic', { name })) as TopicDescription
  }

  async describeGroup(name: string): Promise<GroupDescription> {
    return (await this.call('DescribeGroup', { name })) as GroupDescription
  }

  call(method: string, request: object, msMax = 15_000): Promise<unknown> {
    const definition = service[method]
    if (definition === undefined) throw new Error(`dledger.v1.Admin has no ${method}`)
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        request,
        { deadline: Date.now() + msMax },
        (error, answer) => (error === null ? resolve(answer) : reject(error)),
      )
    })
  }

  close(): void {
    this.#client.close()
  }
}
