/** The calls of apache.rocketmq.v2.Admin about topics: what a topic is, and its route in RocketMQ's older form. */
import { BrokerError } from '../../base/errors.ts'
import {
  messageTypeName,
  PERMISSION_READ,
  PERMISSION_READ_WRITE,
  PERMISSION_WRITE,
} from '../../broker/machine/index.ts'
import type { MachineView, TopicView } from '../../broker/machine/view.ts'
import { topicMissing } from '../../broker/known-names.ts'
import type { DescribeTopicStatusResponse, GetTopicRouteResponse } from '../../rpc/apache-admin-types.ts'
import type { Resource } from '../../rpc/apache-definition.ts'
import type { Draft } from '../../rpc/draft.ts'
import { durationOf } from '../../rpc/durations.ts'

/** RocketMQ's bits of a permission: 4 read, 2 write. */
const PERM_BITS: Readonly<Record<number, number>> = {
  [PERMISSION_READ]: 4,
  [PERMISSION_WRITE]: 2,
  [PERMISSION_READ_WRITE]: 6,
}

/** The topic of a request. Throws TOPIC_NOT_FOUND. */
export function topicOf(view: MachineView, topic: Resource | null | undefined): TopicView {
  const name = topic?.name ?? ''
  const found = view.topic(name)
  if (found === undefined) throw new BrokerError('TOPIC_NOT_FOUND', topicMissing(name))
  return found
}

/** The attributes as `mqadmin` names them. */
export function describeTopicStatus(topic: TopicView): Draft<DescribeTopicStatusResponse> {
  const { createdAt, messageType, queues, retentionMs } = topic
  return {
    topicMessageType: messageType,
    createTimestamp: durationOf(createdAt),
    tags: {
      'message.type': messageTypeName(messageType),
      'queue.type': 'SimpleCQ',
      'cleanup.policy': 'DELETE',
      'reserve.time': String(retentionMs === 0 ? -1 : retentionMs),
      'queue.count': String(queues.length),
    },
  }
}

/** `address`: where this member serves clients. The JSON of RocketMQ's TopicRouteData. */
export function topicRoute(
  topic: TopicView,
  { cluster, brokerName, address }: { cluster: string; brokerName: string; address: string },
): Draft<GetTopicRouteResponse> {
  const count = topic.queues.length
  const perm = PERM_BITS[topic.permission] ?? 0
  const route = {
    orderTopicConf: null,
    queueDatas: [{ brokerName, readQueueNums: count, writeQueueNums: count, perm, topicSysFlag: 0 }],
    brokerDatas: [{ cluster, brokerName, brokerAddrs: { 0: address } }],
    filterServerTable: {},
  }
  return { topicRouteData: JSON.stringify(route) }
}
