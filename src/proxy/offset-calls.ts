/**
 * UpdateOffset, GetOffset and QueryOffset at the leader: offsets that a group keeps itself, and where a queue begins
 * and ends (grpc-contract 7.6). An offset is the next message to read.
 */
import { millis } from '../base/brand.ts'
import type { OffsetPolicy, QueueName } from '../broker/offset-operations.ts'
import type { MessageQueue } from '../rpc/apache-definition.ts'
import { Code, QueryOffsetPolicy } from '../rpc/apache-enums.ts'
import type { QueryOffsetRequest } from '../rpc/apache-service.ts'
import {
  getOffsetRequests,
  getOffsetResponses,
  queryOffsetRequests,
  queryOffsetResponses,
  updateOffsetRequests,
} from './codecs.ts'
import { durationMs } from '../rpc/durations.ts'
import type { LeaderPart } from './leader-context.ts'
import { checkGroup, checkTopic } from './names.ts'
import { refuse } from './refusal.ts'
import { OK } from './status.ts'
import { statusReply } from './status-reply.ts'

const OK_REPLY = statusReply(OK)

/** Stores how far a group has read a queue. */
export const updateOffset: LeaderPart = async ({ offsets }, head, request) => {
  const wish = updateOffsetRequests.decode(request)
  const group = checkGroup(wish.group?.name)
  const queue = checkQueue(wish.messageQueue)
  const offset = checkOffset(wish.offset)
  await offsets.updateOffset({ requestKey: head.requestKey, group, offset, ...queue })
  return [OK_REPLY]
}

/** Answers with what was stored, or how far the group has consumed by receiving. */
export const getOffset: LeaderPart = async ({ offsets }, _head, request) => {
  const wish = getOffsetRequests.decode(request)
  const offset = await offsets.getOffset(checkGroup(wish.group?.name), checkQueue(wish.messageQueue))
  return [getOffsetResponses.encode({ status: OK, offset })]
}

/** Answers with the first offset of a queue, its end, or the first message stored at or after a time. */
export const queryOffset: LeaderPart = async ({ offsets }, _head, request) => {
  const wish = queryOffsetRequests.decode(request)
  const offset = await offsets.queryOffset(checkQueue(wish.messageQueue), policyOf(wish))
  return [queryOffsetResponses.encode({ status: OK, offset })]
}

/** The queue that a request names. Throws `Refusal` ILLEGAL_TOPIC or BAD_REQUEST. */
export function checkQueue(queue: MessageQueue | null): QueueName {
  const topic = checkTopic(queue?.topic?.name)
  const queueId = queue?.id ?? 0
  if (queueId < 0) refuse(Code.BAD_REQUEST, `there is no queue ${queueId}`)
  return { topic, queueId }
}

/** Throws `Refusal` ILLEGAL_OFFSET for what no queue can have. */
export function checkOffset(offset: number): number {
  if (!Number.isSafeInteger(offset) || offset < 0) refuse(Code.ILLEGAL_OFFSET, `there is no offset ${offset}`)
  return offset
}

function policyOf({ queryOffsetPolicy, timestamp }: QueryOffsetRequest): OffsetPolicy {
  switch (queryOffsetPolicy) {
    case QueryOffsetPolicy.BEGINNING:
      return 'beginning'
    case QueryOffsetPolicy.END:
      return 'end'
    case QueryOffsetPolicy.TIMESTAMP: {
      const ms = durationMs(timestamp) ?? -1
      if (!Number.isSafeInteger(ms) || ms < 0) return refuse(Code.BAD_REQUEST, 'the policy needs a timestamp')
      return { time: millis(ms) }
    }
    default:
      return refuse(Code.BAD_REQUEST, `there is no offset policy ${queryOffsetPolicy}`)
  }
}
