/**
 * QueryAssignment (grpc-contract 4.2): every consumer gets one assignment that stands for all queues of the
 * group, and of a fifo group one for each queue, whoever asks; the pop lock keeps consumers apart.
 */
import { BrokerError } from '../base/errors.ts'
import { acceptedTypes } from '../broker/machine/index.ts'
import type { TopicView } from '../broker/machine/view.ts'
import { topicMissing } from '../broker/known-names.ts'
import { requireReadable } from '../broker/topic-rules.ts'
import { Permission } from '../rpc/apache-enums.ts'
import type { QueryAssignmentRequest } from '../rpc/apache-service.ts'
import { assignmentRequests, assignmentResponses } from './codecs.ts'
import type { LeaderContext, LeaderPart } from './leader-context.ts'
import { checkGroup, checkTopic } from './names.ts'
import { brokerOf, confirmedTopic } from './query-route.ts'
import { OK } from './status.ts'

/** The id of the queue that stands for all. */
const ALL_QUEUES = -1

/** The leader's part: only for topics that the client's node does not know. */
export const queryAssignment: LeaderPart = async (context, _head, request) => {
  const wish = assignmentRequests.decode(request)
  const name = checkedTopic(wish)
  const topic = context.view.topic(name) ?? (await confirmedTopic(context, name))
  if (topic === undefined) throw new BrokerError('TOPIC_NOT_FOUND', topicMissing(name))
  return [assignmentReply(context, wish, topic)]
}

/** The answer of a node that knows the topic; `undefined` when it does not. Throws `Refusal`. */
export function assignmentHere(context: LeaderContext, request: Uint8Array): Uint8Array | undefined {
  const wish = assignmentRequests.decode(request)
  const topic = context.view.topic(checkedTopic(wish))
  return topic === undefined ? undefined : assignmentReply(context, wish, topic)
}

function checkedTopic({ topic, group }: QueryAssignmentRequest): string {
  const name = checkTopic(topic?.name)
  checkGroup(group?.name)
  return name
}

function assignmentReply(context: LeaderContext, wish: QueryAssignmentRequest, topic: TopicView): Uint8Array {
  requireReadable(topic)
  const fifo = context.view.group(wish.group?.name ?? '')?.fifo === true
  const ids = fifo ? topic.queues.map((_, id) => id) : [ALL_QUEUES]
  const common = {
    topic: wish.topic,
    permission: Permission.READ,
    broker: brokerOf(context, wish.endpoints),
    acceptMessageTypes: acceptedTypes(topic.messageType),
  }
  const assignments = ids.map((id) => ({ messageQueue: { ...common, id } }))
  return assignmentResponses.encode({ status: OK, assignments })
}
