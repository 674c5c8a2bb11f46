/**
 * The calls of apache.rocketmq.v2.Admin about subscriptions and connected consumers: what groups read, by the log, and
 * what their members say, by their streams. Pure.
 */
import type { GroupView, MachineView } from '../../broker/machine/view.ts'
import type {
  ClientInfo,
  DescribeSubscriptionResponse,
  ListSubscriptionResponse,
  SubscriptionInfo,
  SubscriptionRequest,
} from '../../rpc/apache-admin-types.ts'
import type { ConnectedClient } from '../../rpc/clients-types.ts'
import type { Draft } from '../../rpc/draft.ts'
import { durationOf } from '../../rpc/durations.ts'

/** As in the definition file: every group shares its messages among its members. */
const CLUSTERING = 1
const ALL = { type: 1, expression: '*' }

/** A group and a topic that it reads. */
interface Reading {
  readonly group: GroupView
  readonly topic: string
}

/** Each group and topic once; both may be asked for. */
export function listSubscription(
  view: MachineView,
  clients: readonly ConnectedClient[],
  request: SubscriptionRequest,
): Draft<ListSubscriptionResponse> {
  return {
    subscriptionInfo: readingsOf(view, request).map((reading) =>
      info(reading, membersOf(reading, clients), view.now),
    ),
  }
}

/** Each connected client with each of its subscriptions that is asked for. */
export function describeSubscription(
  view: MachineView,
  clients: readonly ConnectedClient[],
  request: SubscriptionRequest,
): Draft<DescribeSubscriptionResponse> {
  return {
    clientSubscriptionInfo: readingsOf(view, request).flatMap((reading) => {
      const members = membersOf(reading, clients)
      return members.map((client) => ({
        clientInfo: clientInfo(client),
        subscriptionInfo: { ...info(reading, members, view.now), expression: wishOf(client, reading.topic) },
      }))
    }),
  }
}

export function clientInfo(client: ConnectedClient): ClientInfo {
  const { clientId, version, language, hostname, address } = client
  return { clientId, version, language, hostname, egressIp: address, messageModel: CLUSTERING }
}

function readingsOf(view: MachineView, { topic, group }: SubscriptionRequest): Reading[] {
  const readings: Reading[] = []
  for (const one of view.groups()) {
    if (group !== undefined && group.name !== one.name) continue
    for (const id of one.topics) {
      const name = view.topicById(id)?.name
      if (name === undefined || (topic !== undefined && topic.name !== name)) continue
      readings.push({ group: one, topic: name })
    }
  }
  return readings
}

function membersOf({ group, topic }: Reading, clients: readonly ConnectedClient[]): ConnectedClient[] {
  return clients.filter(
    (client) => client.group === group.name && client.subscriptions.some((one) => one.topic === topic),
  )
}

function wishOf(client: ConnectedClient | undefined, topic: string): { type: number; expression: string } {
  const wish = client?.subscriptions.find((one) => one.topic === topic)
  return wish === undefined ? ALL : { type: wish.expressionType, expression: wish.expression }
}

function info(
  { group, topic }: Reading,
  members: readonly ConnectedClient[],
  nowMs: number,
): Draft<SubscriptionInfo> {
  const wishes = new Set(members.map((client) => JSON.stringify(wishOf(client, topic))))
  const latest = Math.min(...members.map((client) => client.connectedMs))
  const updatedMs = members.length === 0 ? group.createdAt : nowMs - latest
  return {
    group: { name: group.name },
    topic: { name: topic },
    expression: wishOf(members[0], topic),
    online: members.length > 0,
    lastUpdateTimestamp: durationOf(updatedMs),
    messageModel: CLUSTERING,
    subscriptionConsistency: wishes.size <= 1,
  }
}
