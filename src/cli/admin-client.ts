/** What topic and group commands share: a client for dledger.v1.Admin and better words for unknown names. */
import { BrokerError } from '../base/errors.ts'
import { FailoverClient } from '../client/failover-client.ts'
import type { AdminCalls } from '../rpc/admin-types.ts'
import type { Draft } from '../rpc/draft.ts'
import { type CommonOptions, endpointsOf } from './cli-options.ts'
import { nearest } from './suggest.ts'

/** For each member that is tried. Longer than an election. */
const CALL_MS = 5_000

/** Calls of dledger.v1.Admin with their time limits. */
export class AdminClient {
  readonly #client: FailoverClient<AdminCalls>

  constructor(addresses: readonly string[]) {
    this.#client = new FailoverClient<AdminCalls>(addresses, 'dledger.v1.Admin')
  }

  call<Name extends keyof AdminCalls>(
    name: Name,
    request: Draft<AdminCalls[Name]['request']>,
  ): Promise<AdminCalls[Name]['response']> {
    return this.#client.call(name, request, { timeoutMs: CALL_MS })
  }

  async topicNames(): Promise<string[]> {
    return (await this.call('ListTopics', {})).topics.map((topic) => topic.name)
  }

  async groupNames(): Promise<string[]> {
    return (await this.call('ListGroups', {})).groups.map((group) => group.name)
  }

  close(): void {
    this.#client.close()
  }
}

/** Runs a command with a client, which is closed after it. */
export async function withAdmin<T>(
  options: CommonOptions,
  use: (client: AdminClient) => Promise<T>,
): Promise<T> {
  const client = new AdminClient(endpointsOf(options).addresses)
  try {
    return await use(client)
  } finally {
    client.close()
  }
}

/** Runs `use`; if it fails because a topic does not exist, the error says which one may be meant and how to make it. */
export async function withTopicHint<T>(
  client: AdminClient,
  topic: string,
  use: () => Promise<T>,
): Promise<T> {
  try {
    return await use()
  } catch (error) {
    if (!(error instanceof BrokerError) || error.code !== 'TOPIC_NOT_FOUND') throw error
    const make = `to make it: npm run cli -- topic create ${topic}`
    throw unknownName('topic', topic, await namesOrNone(client.topicNames()), make, error)
  }
}

/** The same for a consumer group. */
export async function withGroupHint<T>(
  client: AdminClient,
  group: string,
  use: () => Promise<T>,
): Promise<T> {
  try {
    return await use()
  } catch (error) {
    if (!(error instanceof BrokerError) || error.code !== 'GROUP_NOT_FOUND') throw error
    const make = `to make it: npm run cli -- group create ${group}`
    throw unknownName('consumer group', group, await namesOrNone(client.groupNames()), make, error)
  }
}

function unknownName(
  what: string,
  name: string,
  known: readonly string[],
  make: string,
  cause: BrokerError,
): BrokerError {
  const meant = nearest(name, known)
  const hint = meant === undefined ? '' : `did you mean "${meant}"? `
  const { code, outcome } = cause
  return new BrokerError(code, `${what} "${name}" does not exist; ${hint}${make}`, { outcome, cause })
}

/** Names are for a hint only: without them the hint is shorter. */
async function namesOrNone(names: Promise<string[]>): Promise<string[]> {
  try {
    return await names
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error
    return []
  }
}
