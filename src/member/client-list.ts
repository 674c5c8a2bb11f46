/** The clients of a group of members as a person sees them, and what is odd about them. Pure. */
import type { Session } from '../proxy/client-sessions.ts'
import { ClientType, Language } from '../rpc/apache-enums.ts'
import type { ConnectedClient, ListClientsRequest } from '../rpc/clients-types.ts'

const KINDS: Readonly<Record<number, string>> = {
  [ClientType.PRODUCER]: 'producer',
  [ClientType.PUSH_CONSUMER]: 'push',
  [ClientType.SIMPLE_CONSUMER]: 'simple',
  [ClientType.PULL_CONSUMER]: 'pull',
  [ClientType.LITE_PUSH_CONSUMER]: 'lite push',
  [ClientType.LITE_SIMPLE_CONSUMER]: 'lite simple',
}

const LANGUAGES = new Map<number, string>(Object.entries(Language).map(([name, number]) => [number, name]))

/** One client of a member, at a monotonic time of it. */
export function connectedClient(session: Session, memberId: number, mono: number): ConnectedClient {
  const { caller, peer, settings } = session
  const { subscription, publishing, userAgent } = settings
  const language = LANGUAGES.get(userAgent?.language ?? 0)
  return {
    clientId: caller.clientId,
    kind: KINDS[settings.clientType ?? 0] ?? (subscription === undefined ? 'producer' : 'push'),
    language: userAgent?.language ? (language ?? '') : caller.language,
    version: userAgent?.version || caller.clientVersion,
    address: peer,
    hostname: userAgent?.hostname ?? '',
    memberId,
    group: subscription?.group?.name ?? '',
    subscriptions: (subscription?.subscriptions ?? []).map(({ topic, expression }) => ({
      topic: topic?.name ?? '',
      expressionType: expression?.type ?? 0,
      expression: expression?.expression ?? '',
    })),
    topics: subscription === undefined ? (publishing?.topics ?? []).map(({ name }) => name) : [],
    connectedMs: Math.round(mono - session.connectedMono),
    silentMs: Math.round(mono - session.heardMono),
  }
}

/** Whether a list that is asked for has the client. */
export function isListed(client: ConnectedClient, { group, topic }: ListClientsRequest): boolean {
  if (group !== '' && client.group !== group) return false
  if (topic === '') return true
  return client.topics.includes(topic) || client.subscriptions.some((one) => one.topic === topic)
}

/**
 * Groups whose members do not subscribe to the same, as sentences, in the order of their names. Messages come to any
 * member of a group: one that does not want them loses them for the others (RocketMQ: subscription consistency).
 */
export function subscriptionWarnings(clients: readonly ConnectedClient[]): string[] {
  const groups = new Map<string, Map<string, string[]>>()
  for (const client of clients) {
    if (client.group === '') continue
    const wishes = groups.get(client.group) ?? new Map<string, string[]>()
    groups.set(client.group, wishes)
    const wish = wishText(client)
    wishes.set(wish, [...(wishes.get(wish) ?? []), client.clientId])
  }
  const warnings: string[] = []
  for (const [group, wishes] of [...groups].sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (wishes.size < 2) continue
    const parts = [...wishes].map(([wish, ids]) => `${ids[0] ?? ''}${more(ids)}: ${wish}`)
    warnings.push(`members of consumer group ${group} differ in what they subscribe to: ${parts.join('; ')}`)
  }
  return warnings
}

function more(ids: readonly string[]): string {
  return ids.length === 1 ? '' : ` and ${ids.length - 1} more`
}

function wishText({ subscriptions }: ConnectedClient): string {
  if (subscriptions.length === 0) return 'nothing'
  return subscriptions
    .map(({ topic, expression }) => `${topic} ${expression === '' ? '*' : expression}`)
    .sort()
    .join(', ')
}
