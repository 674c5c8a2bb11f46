/** The calls of apache.rocketmq.v2.Admin about how far groups are. */
import { type Millis, queueOffset } from '../../base/brand.ts'
import { BrokerError } from '../../base/errors.ts'
import type { GroupQueueStatus } from '../../broker/admin.ts'
import { readStoredHeader } from '../../broker/machine/stored-message.ts'
import type { MachineView } from '../../broker/machine/view.ts'
import type { MessageReader } from '../../broker/message-reader.ts'
import type {
  DescribeGroupAccumulationResponse,
  GetConsumerRunningInfoResponse,
  GroupAccumulation,
  QueueTimeSpan,
} from '../../rpc/apache-admin-types.ts'
import type { ConnectedClient } from '../../rpc/clients-types.ts'
import type { Draft } from '../../rpc/draft.ts'
import { durationOf } from '../../rpc/durations.ts'

/** Reads of what is stored, on this member. */
export interface StoredTimes {
  readonly view: MachineView
  readonly reader: MessageReader
}

/** The backlog as a whole and by topic; only of these topics, if any are named. */
export async function describeAccumulation(
  times: StoredTimes,
  queues: readonly GroupQueueStatus[],
  topics: readonly string[],
): Promise<Draft<DescribeGroupAccumulationResponse>> {
  const asked = queues.filter(({ topic }) => topics.length === 0 || topics.includes(topic))
  const byTopic: Record<string, Draft<GroupAccumulation>> = {}
  for (const topic of new Set(asked.map((queue) => queue.topic))) {
    byTopic[topic] = await accumulation(
      times,
      asked.filter((queue) => queue.topic === topic),
    )
  }
  return { accumulation: await accumulation(times, asked), topicAccumulation: byTopic }
}

async function accumulation(
  times: StoredTimes,
  queues: readonly GroupQueueStatus[],
): Promise<Draft<GroupAccumulation>> {
  let inflight = 0
  let ready = 0
  let delayMs = 0
  let consumedMs = 0
  for (const queue of queues) {
    inflight += queue.inFlight
    ready += queue.nextOffset - queue.cursor
    const { consumeTimestamp, delayTimeMs } = await timesOf(times, queue)
    delayMs = Math.max(delayMs, delayTimeMs)
    consumedMs = Math.max(consumedMs, consumeTimestamp)
  }
  return {
    inflightMessages: inflight,
    readyMessages: ready,
    accumulation: inflight + ready,
    deliverDelayTime: durationOf(delayMs),
    lastConsumeTimestamp: consumedMs,
  }
}

/** The times that a queue covers, and where the group is in them. */
export async function timeSpan(times: StoredTimes, queue: GroupQueueStatus): Promise<Draft<QueueTimeSpan>> {
  const { view } = times
  const topic = view.topic(queue.topic)
  const live = view.queue(topic?.queues[queue.queueId] ?? 0)
  const end = (live?.nextOffset ?? 0) - 1
  return {
    messageQueue: { topic: { name: queue.topic }, id: queue.queueId },
    minTimestamp: await storedMs(times, queue, live?.minOffset ?? 0),
    maxTimestamp: await storedMs(times, queue, end),
    ...(await timesOf(times, queue)),
  }
}

/** When the message before the first one that is not consumed was stored, and how old that one is. */
async function timesOf(
  times: StoredTimes,
  queue: GroupQueueStatus,
): Promise<{ readonly consumeTimestamp: number; readonly delayTimeMs: number }> {
  const waiting = await storedMs(times, queue, queue.committed)
  return {
    consumeTimestamp: await storedMs(times, queue, queue.committed - 1),
    delayTimeMs: waiting === 0 ? 0 : Math.max(0, times.view.now - waiting),
  }
}

/** When the message at an offset was stored; 0 when there is none. */
async function storedMs(
  { view, reader }: StoredTimes,
  { topic, queueId }: GroupQueueStatus,
  offset: number,
): Promise<Millis | 0> {
  const queue = view.queue(view.topic(topic)?.queues[queueId] ?? 0)
  if (queue === undefined || offset < queue.minOffset || offset >= queue.nextOffset) return 0
  const stored = await reader.read(queue.queue, queueOffset(offset))
  const header = stored && readStoredHeader(stored)
  return (header?.storedAtMs ?? 0) as Millis | 0
}

/** What the broker knows of a connected consumer: no library tells more. Throws CLIENT_NOT_FOUND. */
export function runningInfo(
  client: ConnectedClient | undefined,
  queues: readonly GroupQueueStatus[],
): Draft<GetConsumerRunningInfoResponse> {
  if (client === undefined) {
    throw new BrokerError('CLIENT_NOT_FOUND', 'no member that can be reached has a stream of this client')
  }
  const { kind, language, version, address, memberId, connectedMs, silentMs } = client
  const read = new Set(client.subscriptions.map(({ topic }) => topic))
  return {
    consumerRunningInfo: {
      properties: {
        kind,
        language,
        version,
        address,
        member: String(memberId),
        connectedMs: String(connectedMs),
        silentMs: String(silentMs),
      },
      subscriptions: Object.fromEntries(
        client.subscriptions.map((one) => [
          one.topic,
          { type: one.expressionType, expression: one.expression },
        ]),
      ),
      messageQueueTable: queues
        .filter(({ topic }) => read.has(topic))
        .map(({ topic, queueId, committed, inFlight }) => ({
          messageQueue: { topic: { name: topic }, id: queueId },
          processQueueInfo: { commitOffset: committed, cachedMsgCount: inFlight },
        })),
    },
  }
}
