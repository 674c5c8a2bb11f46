/**
 * `apache.rocketmq.v2.Admin` on every member: the administration of the public contract. Reads see all that was
 * acknowledged before them. What goes wrong is said in the status of the answer, as the contract wants it.
 */
import { assert } from '../../base/assert.ts'
import type { LogLevel } from '../../base/config.ts'
import { BrokerError } from '../../base/errors.ts'
import type { Clock } from '../../base/ports.ts'
import type { Broker } from '../../broker/broker.ts'
import type { Queries } from '../../broker/query/queries.ts'
import { PROGRAM_VERSION } from '../../observe/version.ts'
import type { Proxy } from '../../proxy/proxy.ts'
import { checkGroup, checkTopic } from '../../proxy/names.ts'
import { Refusal } from '../../proxy/refusal.ts'
import { OK, statusOf } from '../../proxy/status.ts'
import type {
  AdminSendMessageRequest,
  Answered,
  ApacheAdminCalls,
  ResetGroupOffsetRequest,
  VerifyMessageRequest,
} from '../../rpc/apache-admin-types.ts'
import type { Resource } from '../../rpc/apache-definition.ts'
import { Code } from '../../rpc/apache-enums.ts'
import type { ConnectedClient } from '../../rpc/clients-types.ts'
import type { Draft } from '../../rpc/draft.ts'
import { durationMs } from '../../rpc/durations.ts'
import { codecOf } from '../../rpc/protos.ts'
import type { CallContext, Method } from '../../rpc/service.ts'
import { typedService } from '../../rpc/typed-service.ts'
import type { AdminService } from '../admin-service.ts'
import type { ClientsService } from '../clients-service.ts'
import { resetOffsets } from '../consume-calls.ts'
import { describeAccumulation, runningInfo, timeSpan } from './group-calls.ts'
import { listMessages, sendRequestOf } from './message-calls.ts'
import { clientInfo, describeSubscription, listSubscription } from './subscription-calls.ts'
import { describeTopicStatus, topicOf, topicRoute } from './topic-calls.ts'
import { Traffic } from './traffic.ts'

const READ_MS_MAX = 10_000
/** As the contract numbers them. */
const LEVELS: readonly LogLevel[] = ['debug', 'debug', 'info', 'warn', 'error']
/** Who sends when an operator does. */
const SENDER = 'admin'

const sent = codecOf<Answered>('apache.rocketmq.v2.SendMessageResponse')

export interface ApacheAdminOptions {
  readonly broker: Broker
  readonly adminService: AdminService
  readonly proxy: Proxy
  readonly queries: Queries
  readonly clients: ClientsService
  readonly setLogLevel: (level: LogLevel) => void
  readonly clock: Clock
  readonly cluster: string
  readonly brokerName: string
  /** Where this member serves clients, `host:port`. */
  readonly address: string
}

export class ApacheAdmin {
  readonly #options: ApacheAdminOptions
  readonly #traffic: Traffic

  constructor(options: ApacheAdminOptions) {
    this.#options = options
    this.#traffic = new Traffic(options.broker.machine, () => options.clock.mono())
  }

  /** The methods for the client port. */
  methods(): readonly Method[] {
    const { broker, adminService, queries, clients, address } = this.#options
    const { admin } = adminService
    const { machine: view, reader } = broker
    return typedService<ApacheAdminCalls>('apache.rocketmq.v2.Admin', {
      ChangeLogLevel: async (_context, { level }) => ({ remark: this.#setLogLevel(level) }),
      DescribeTopicStatus: (_context, { topic }) =>
        this.#read(() => describeTopicStatus(topicOf(view, topic))),
      GetTopicRoute: (_context, { topic }) =>
        this.#read(() => topicRoute(topicOf(view, topic), this.#options)),
      ListSubscription: (_context, request) =>
        this.#read(async () => {
          requireOne(request.topic, request.group)
          return listSubscription(view, await this.#clients(request.group), request)
        }),
      DescribeSubscription: (_context, request) =>
        this.#read(async () => {
          requireOne(request.topic, request.group)
          return describeSubscription(view, await this.#clients(request.group), request)
        }),
      DeleteSubscription: (_context, { group, topic }) =>
        answered(async () => {
          const request = { group: checkGroup(group?.name), topic: checkTopic(topic?.name) }
          await adminService.atLeader.call({ method: 'leaveTopic', request })
          return {}
        }),
      DescribeGroupAccumulation: (_context, { group, topics }) =>
        this.#read(() => {
          const { queues } = admin.describeGroup(checkGroup(group?.name))
          return describeAccumulation({ view, reader }, queues, namesOf(topics))
        }),
      QueryTimeSpan: (_context, { group, topics }) =>
        this.#read(async () => {
          const { queues } = admin.describeGroup(checkGroup(group?.name))
          const names = namesOf(topics)
          const asked = queues.filter(({ topic }) => names.length === 0 || names.includes(topic))
          const queueTimeSpanList = await Promise.all(asked.map((queue) => timeSpan({ view, reader }, queue)))
          return { queueTimeSpanList }
        }),
      ResetGroupOffset: (_context, request) => answered(() => this.#reset(request)),
      ListConsumerConnection: (_context, { group, topic }) =>
        answered(async () => {
          const wish = { group: checkGroup(group?.name), topic: topic?.name ?? '' }
          return { clientInfo: (await clients.list(wish)).clients.map(clientInfo) }
        }),
      GetConsumerRunningInfo: (_context, { group, clientId }) =>
        this.#read(async () => {
          const { queues } = admin.describeGroup(checkGroup(group?.name))
          const members = await this.#clients(group)
          return runningInfo(
            members.find((client) => client.clientId === clientId),
            queues,
          )
        }),
      PrintThreadStackTrace: (_context, { clientId }) =>
        answered(async () => ({ threadStackTrace: (await clients.stack(clientId)).text })),
      VerifyMessage: (_context, request) => this.#read((signal) => this.#verify(request, signal)),
      QueryMessage: (_context, request) =>
        this.#read((signal) => listMessages(queries, request, address, signal)),
      AdminSendMessage: (context, request) => answered(() => this.#send(context, request)),
      GetProxyRuntimeStats: () =>
        answered(async () => {
          const all = await this.#clients(undefined)
          const producers = all.filter(({ kind }) => kind === 'producer').length
          return {
            proxyName: this.#options.brokerName,
            version: PROGRAM_VERSION,
            ...this.#traffic.rates(),
            connections: all.length,
            producers,
            consumers: all.length - producers,
          }
        }),
    })
  }

  /** An answer from this member's own state, once it holds all that was acknowledged before. */
  #read<T extends object>(make: (signal: AbortSignal) => T | Promise<T>): Promise<T & Answered> {
    const { broker, adminService } = this.#options
    return answered(async () => {
      const signal = AbortSignal.timeout(READ_MS_MAX)
      await broker.ledger.waitApplied(await adminService.readIndex(), signal)
      return make(signal)
    })
  }

  async #clients(group: Resource | null | undefined): Promise<readonly ConnectedClient[]> {
    return (await this.#options.clients.list({ group: group?.name ?? '', topic: '' })).clients
  }

  #setLogLevel(level: number): string {
    const name = LEVELS[level]
    if (name === undefined) return `there is no level ${level}`
    this.#options.setLogLevel(name)
    return `this member logs ${name} and above until it is started again`
  }

  async #reset({ group, topic, resetTimestamp }: ResetGroupOffsetRequest): Promise<object> {
    const value = durationMs(resetTimestamp)
    if (value === undefined) throw new BrokerError('BAD_REQUEST', 'the time to go back to is missing')
    const wish = { group: checkGroup(group?.name), topic: checkTopic(topic?.name), to: 'time', value }
    await resetOffsets(this.#options.adminService.atLeader, wish)
    return {}
  }

  /** The status is the client's own. */
  async #verify(
    { clientId, topic, messageId }: VerifyMessageRequest,
    signal: AbortSignal,
  ): Promise<Draft<Answered>> {
    const { queries, clients } = this.#options
    const name = checkTopic(topic?.name)
    const [found] = await queries.byId(messageId, name, signal)
    if (found === undefined) {
      throw new Refusal(Code.MESSAGE_NOT_FOUND, `topic "${name}" has no message with id "${messageId}"`)
    }
    const { queueId, offset } = found
    return { status: await clients.verify({ clientId, topic: name, queueId, offset }) }
  }

  async #send(context: CallContext, request: AdminSendMessageRequest): Promise<Draft<object>> {
    const { proxy, clock, address } = this.#options
    const send = proxy.methods.find(({ path }) => path.endsWith('/SendMessage'))
    assert(send?.type === 'unary', 'the facade has the call')
    const { bytes, messageId } = sendRequestOf(request, { nowMs: clock.wall(), host: address })
    const as: CallContext = {
      peer: context.peer,
      localAddress: context.localAddress,
      deadlineMono: context.deadlineMono,
      signal: context.signal,
      metadata: (name) => (name === 'x-mq-client-id' ? SENDER : context.metadata(name)),
    }
    const { status } = sent.decode(await send.handle(as, Buffer.from(bytes)))
    return { status, messageId }
  }
}

/** The answer with status OK unless it has one of its own, or only the status of what went wrong. */
async function answered<T extends object>(make: () => Promise<T>): Promise<T & Answered> {
  try {
    return { status: OK, ...(await make()) }
  } catch (error) {
    return { status: statusOf(error) } as T & Answered
  }
}

function requireOne(topic: Resource | undefined, group: Resource | undefined): void {
  if (topic === undefined && group === undefined)
    throw new BrokerError('BAD_REQUEST', 'give a topic or a group')
}

function namesOf(topics: readonly Resource[]): readonly string[] {
  return topics.map(({ name }) => name)
}
