/**
 * Gathers what `status` judges: from any member or name server to the list of all members, and then each
 * member's own words. A member that does not answer stays in the list with its error.
 */
import { BrokerError } from '../base/errors.ts'
import { plainWords } from '../client/plain-words.ts'
import type { MemberStatus } from '../rpc/admin-types.ts'
import type { BrokerGroup } from '../rpc/namesrv-types.ts'
import type { GroupFacts, MemberFacts } from './status-facts.ts'

export const ASK_MS_MAX = 1_500

/** How members and name servers are asked. Rejects with `BrokerError`. */
export interface Ask {
  describeMember(address: string): Promise<MemberStatus>
  describeCluster(address: string): Promise<readonly BrokerGroup[]>
}

interface Place {
  readonly id: number
  readonly endpoint: string
}

/** A group's members as somebody listed them; the list of the highest term counts. */
interface Listing {
  readonly group: string
  readonly clusterId: string
  readonly term: number
  readonly places: readonly Place[]
}

/** What one address said. */
interface Answer {
  readonly address: string
  readonly status?: MemberStatus
  readonly groups?: readonly BrokerGroup[]
  readonly error?: string
}

/** All groups that the entry points know, or one nameless group of the entry points if nobody answers. */
export async function gather(entries: readonly string[], ask: Ask): Promise<readonly GroupFacts[]> {
  const answers = await Promise.all(entries.map((address) => askEntry(address, ask)))
  const listings = listingsOf(answers)
  const known = [...answers]
  const missing = listings.flatMap(({ group, clusterId, places }) =>
    places
      .filter((place) => answerOf(known, group, clusterId, place) === undefined)
      .map(({ endpoint }) => endpoint),
  )
  known.push(...(await Promise.all([...new Set(missing)].map((address) => askMember(address, ask)))))
  if (listings.length === 0) {
    const members = known.map(({ address, error }) =>
      memberOf({ id: 0, endpoint: address }, { address, error: error ?? '' }),
    )
    return [{ group: '', members }]
  }
  return listings.map(({ group, clusterId, places }) => ({
    group,
    members: places.map((place) => memberOf(place, answerOf(known, group, clusterId, place))),
  }))
}

async function askEntry(address: string, ask: Ask): Promise<Answer> {
  try {
    return { address, status: await ask.describeMember(address) }
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error
    if (error.code !== 'NOT_IMPLEMENTED') return { address, error: whyNot(error) }
  }
  try {
    return { address, groups: await ask.describeCluster(address) }
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error
    return { address, error: `neither a member nor a name server: ${whyNot(error)}` }
  }
}

async function askMember(address: string, ask: Ask): Promise<Answer> {
  try {
    return { address, status: await ask.describeMember(address) }
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error
    return { address, error: whyNot(error) }
  }
}

function listingsOf(answers: readonly Answer[]): Listing[] {
  const best = new Map<string, Listing>()
  for (const listing of answers.flatMap(listingsIn)) {
    const key = `${listing.clusterId}\n${listing.group}`
    if (listing.term >= (best.get(key)?.term ?? 0)) best.set(key, listing)
  }
  return [...best.values()].sort((a, b) => (a.group < b.group ? -1 : 1))
}

function listingsIn({ status, groups }: Answer): Listing[] {
  const own = status === undefined ? [] : [status]
  return [...own, ...(groups ?? [])].map(({ group, clusterId, term, members }) => ({
    group,
    clusterId,
    term,
    places: members
      .map(({ id, clientEndpoint }) => ({ id, endpoint: clientEndpoint }))
      .sort((a, b) => a.id - b.id),
  }))
}

/** The answer of that very member, wherever it was reached, or what its own address said. */
function answerOf(
  answers: readonly Answer[],
  group: string,
  clusterId: string,
  { id, endpoint }: Place,
): Answer | undefined {
  const itself = answers.find(
    ({ status }) => status?.id === id && status.group === group && status.clusterId === clusterId,
  )
  return itself ?? answers.find(({ address }) => address === endpoint)
}

function memberOf({ id, endpoint }: Place, answer: Answer | undefined): MemberFacts {
  const error = answer?.error ?? (answer?.groups === undefined ? 'was not asked' : 'is a name server')
  const status = answer?.status
  return { id, endpoint, status, error: status === undefined ? error : '' }
}

function whyNot(error: BrokerError): string {
  return plainWords(error, ASK_MS_MAX)
}
