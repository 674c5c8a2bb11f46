/**
 * Which broker groups exist, who their members are, who leads and which topics they hold, all by the word of
 * the brokers themselves. Times are given, nothing is kept elsewhere: a new name server is complete after one
 * round of registrations (RocketMQ: RouteInfoManager).
 *
 * Pure.
 */
import { BrokerError } from '../base/errors.ts'
import type {
  BrokerGroup,
  DescribeTopicRouteResponse,
  MemberLiveness,
  RegisterRequest,
  TopicEntry,
} from '../rpc/namesrv-types.ts'

/** A member that did not register for this long is forgotten (RocketMQ: brokerExpiredTime). */
export const ENTRY_MS_MAX = 120_000
export const GROUPS_MAX = 10_000
export const MEMBERS_PER_GROUP_MAX = 100

interface Entry {
  readonly request: RegisterRequest
  /** The time of the registration on the name server's own monotonic clock. */
  readonly seenMs: number
}

/** The entries of one group by member id. Rule: never empty. */
type GroupEntries = Map<number, Entry>

export class RouteTable {
  readonly #groups = new Map<string, GroupEntries>()

  /** Takes one member's word. Throws `BrokerError` BAD_REQUEST or LIMIT_REACHED. */
  register(request: RegisterRequest, nowMs: number): void {
    if (request.group === '' || request.memberId < 1) {
      throw new BrokerError('BAD_REQUEST', 'a registration names a group and a member id of 1 or more')
    }
    this.#expire(nowMs)
    const key = `${request.clusterId}\n${request.group}`
    const entries: GroupEntries = this.#groups.get(key) ?? new Map<number, Entry>()
    if (entries.size === 0 && this.#groups.size >= GROUPS_MAX) {
      throw new BrokerError('LIMIT_REACHED', `a name server knows at most ${GROUPS_MAX} broker groups`)
    }
    if (!entries.has(request.memberId) && entries.size >= MEMBERS_PER_GROUP_MAX) {
      throw new BrokerError('LIMIT_REACHED', `a broker group has at most ${MEMBERS_PER_GROUP_MAX} members`)
    }
    entries.set(request.memberId, { request, seenMs: nowMs })
    this.#groups.set(key, entries)
  }

  /** All groups, or the one of that name (more than one only if clusters share a name server), by name. */
  groups(nowMs: number, name = ''): BrokerGroup[] {
    this.#expire(nowMs)
    return [...this.#groups.values()]
      .map((entries) => groupOf(entries, nowMs))
      .filter((group) => name === '' || group.group === name)
      .sort((a, b) => compare(a.group, b.group) || compare(a.clusterId, b.clusterId))
  }

  /** The groups that hold a topic. Several groups that hold it say the same about its type. */
  topicRoute(topic: string, nowMs: number): DescribeTopicRouteResponse {
    this.#expire(nowMs)
    const groups: BrokerGroup[] = []
    let found: TopicEntry | null = null
    for (const entries of this.#groups.values()) {
      const entry = topicsOf(entries).find(({ name }) => name === topic)
      if (entry === undefined) continue
      found ??= entry
      groups.push(groupOf(entries, nowMs))
    }
    return { groups: groups.sort((a, b) => compare(a.group, b.group)), topic: found }
  }

  #expire(nowMs: number): void {
    for (const [key, entries] of this.#groups) {
      for (const [id, entry] of entries) if (nowMs - entry.seenMs > ENTRY_MS_MAX) entries.delete(id)
      if (entries.size === 0) this.#groups.delete(key)
    }
  }
}

function groupOf(entries: GroupEntries, nowMs: number): BrokerGroup {
  const newest = newestOf(entries)
  const led = newest.find(({ request }) => request.leaderId !== 0)?.request
  const first = newest[0]?.request
  // A follower may not know yet who came and went.
  const leads = newest.find(({ request }) => request.leaderId === request.memberId)?.request
  const members = (leads?.term === first?.term ? leads : first)?.members ?? []
  const ids = new Set([...members.map((member) => member.id), ...entries.keys()])
  return {
    clusterId: first?.clusterId ?? '',
    group: first?.group ?? '',
    members,
    leaderId: led?.term === first?.term ? (led?.leaderId ?? 0) : 0,
    term: first?.term ?? 0,
    liveness: [...ids].sort((a, b) => a - b).map((id) => livenessOf(id, entries.get(id), nowMs)),
    topicCount: topicsOf(entries).length,
  }
}

function livenessOf(memberId: number, entry: Entry | undefined, nowMs: number): MemberLiveness {
  if (entry === undefined) return { memberId, version: '' }
  return { memberId, silentMs: Math.trunc(nowMs - entry.seenMs), version: entry.request.version }
}

/** The word of the leader of the highest term; a member that led before may still list older topics. */
function topicsOf(entries: GroupEntries): readonly TopicEntry[] {
  const leader = newestOf(entries).find(({ request }) => request.leaderId === request.memberId)
  return leader?.request.topics ?? []
}

/** Entries by term, the highest first, then by time. */
function newestOf(entries: GroupEntries): Entry[] {
  return [...entries.values()].sort((a, b) => b.request.term - a.request.term || b.seenMs - a.seenMs)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
