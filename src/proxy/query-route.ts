/**
 * QueryRoute (grpc-contract 4.1 and 4.5): all queues of a topic, at exactly the address that the client
 * itself used. The answer is the same on every node and whoever leads, so that no client ever has to move.
 */
import { BrokerError } from '../base/errors.ts'
import { acceptedTypes } from '../broker/machine/index.ts'
import type { MachineView, TopicView } from '../broker/machine/view.ts'
import { topicMissing } from '../broker/known-names.ts'
import type { Broker, Endpoints } from '../rpc/apache-definition.ts'
import type { QueryRouteRequest } from '../rpc/apache-service.ts'
import { routeRequests, routeResponses } from './codecs.ts'
import type { LeaderContext, LeaderPart } from './leader-context.ts'
import { checkTopic } from './names.ts'
import { OK } from './status.ts'

/** The leader's part: only for topics that the client's node does not know. */
export const queryRoute: LeaderPart = async (context, _head, request) => {
  const wish = routeRequests.decode(request)
  const topic = await topicAtLeader(context, checkTopic(wish.topic?.name))
  return [routeReply(context, wish, topic)]
}

/** The answer of a node that knows the topic; `undefined` when it does not. Throws `Refusal`. */
export function routeHere(context: LeaderContext, request: Uint8Array): Uint8Array | undefined {
  const wish = routeRequests.decode(request)
  const topic = context.view.topic(checkTopic(wish.topic?.name))
  return topic === undefined ? undefined : routeReply(context, wish, topic)
}

/** The topic, made if that is configured. Throws TOPIC_NOT_FOUND, but only when it is sure. */
async function topicAtLeader(context: LeaderContext, name: string): Promise<TopicView> {
  const known = context.view.topic(name) ?? (await confirmedTopic(context, name))
  if (known !== undefined) return known
  if (context.createTopic !== null) await createOnce(context.createTopic, name)
  const made = context.view.topic(name)
  if (made === undefined) throw new BrokerError('TOPIC_NOT_FOUND', topicMissing(name))
  return made
}

/** Two routes may ask for the same new topic at once. */
async function createOnce(create: (name: string) => Promise<unknown>, name: string): Promise<void> {
  try {
    await create(name)
  } catch (error) {
    if (!(error instanceof BrokerError) || error.code !== 'TOPIC_EXISTS') throw error
  }
}

/** The topic after a round through the log: absent means that it did not exist when it was asked for. */
export async function confirmedTopic(
  { operations, view }: { operations: LeaderContext['operations']; view: MachineView },
  name: string,
): Promise<TopicView | undefined> {
  await operations.confirmAbsent()
  return view.topic(name)
}

function routeReply(context: LeaderContext, wish: QueryRouteRequest, topic: TopicView): Uint8Array {
  const broker = brokerOf(context, wish.endpoints)
  const acceptMessageTypes = acceptedTypes(topic.messageType)
  return routeResponses.encode({
    status: OK,
    messageQueues: topic.queues.map((_, id) => ({
      topic: wish.topic,
      id,
      permission: topic.permission,
      broker,
      acceptMessageTypes,
    })),
  })
}

/** The one broker that clients ever see: the group by its name, reached where they reached it. */
export function brokerOf(
  { brokerName, advertised }: Pick<LeaderContext, 'brokerName' | 'advertised'>,
  asked: Endpoints | null,
): Broker {
  const known = asked !== null && asked.addresses.length > 0
  return { name: brokerName, id: 0, endpoints: known ? asked : advertised() }
}
