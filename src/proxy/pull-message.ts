/**
 * PullMessage at the leader (grpc-contract 7.6): messages of one queue from an offset on, which stay where they are.
 * The answer is a status, the messages, and the offset to go on from.
 */
import { RECEIVE_MESSAGES_MAX } from '../base/limits.ts'
import type { PulledMessage, PullRequest } from '../broker/offset-operations.ts'
import type { PullMessageRequest } from '../rpc/apache-service.ts'
import { pullRequests, pullResponses } from './codecs.ts'
import { deliverMessage } from './deliver-message.ts'
import { filterOf } from './filter-expression.ts'
import type { LeaderPart } from './leader-context.ts'
import { checkGroup } from './names.ts'
import { checkOffset, checkQueue } from './offset-calls.ts'
import { NO_NEW_MESSAGE } from './receive-message.ts'
import { OK } from './status.ts'
import { statusReply } from './status-reply.ts'

const OK_ITEM = statusReply(OK)

/** What a pull asks for, checked. */
export type PullWish = Omit<PullRequest, 'pollUntilMono' | 'signal'>

/** Waits for a first message until the call's time is over. */
export const pullMessage: LeaderPart = async ({ offsets, clock, storeHost }, head, request, signal) => {
  const wish = pullWishOf(pullRequests.decode(request))
  const pollUntilMono = clock.mono() + head.remainingMs
  const { messages, nextOffset } = await offsets.pull({ ...wish, pollUntilMono, signal })
  const next = pullResponses.encode({ nextOffset })
  if (messages.length === 0) return [statusReply(NO_NEW_MESSAGE), next]
  return [OK_ITEM, ...messages.map((message) => itemOf(message, storeHost)), next]
}

/** Throws `Refusal` for what no pull may ask. */
export function pullWishOf(request: PullMessageRequest): PullWish {
  return {
    group: checkGroup(request.group?.name),
    ...checkQueue(request.messageQueue),
    offset: checkOffset(request.offset),
    filter: filterOf(request.filterExpression),
    messagesMax: Math.min(Math.max(request.batchSize, 1), RECEIVE_MESSAGES_MAX),
  }
}

function itemOf(message: PulledMessage, storeHost: string): Uint8Array {
  return deliverMessage({
    stored: message.stored,
    queueId: message.queueId,
    offset: message.offset,
    attempt: 1,
    receiptHandle: null,
    storeHost,
    deadLetterTopic: message.deadLetter ? message.topic : null,
  })
}
