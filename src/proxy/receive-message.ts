/** ReceiveMessage at the leader (grpc-contract 6): what is asked, and the items of the answer. */
import { INVISIBLE_MS_MAX, INVISIBLE_MS_MIN, RECEIVE_MESSAGES_MAX, RENEW_MS } from '../base/limits.ts'
import type { ReceivedMessage } from '../broker/leader-port.ts'
import { encodeReceiptHandle } from '../broker/machine/receipt-handle.ts'
import type { MessageFilter } from '../broker/message-filter.ts'
import { Code } from '../rpc/apache-enums.ts'
import type { ReceiveMessageRequest } from '../rpc/apache-service.ts'
import { receiveRequests } from './codecs.ts'
import { deliverMessage } from './deliver-message.ts'
import { durationMs } from '../rpc/durations.ts'
import { filterOf } from './filter-expression.ts'
import type { LeaderPart } from './leader-context.ts'
import { checkGroup, checkTopic } from './names.ts'
import { refuse } from './refusal.ts'
import { OK, type ClientStatus } from './status.ts'
import { deliveryTimestampItem, statusReply } from './status-reply.ts'

/** How a receive ends that found nothing until its polling time. */
export const NO_NEW_MESSAGE: ClientStatus = { code: Code.MESSAGE_NOT_FOUND, message: 'no new message' }

const OK_ITEM = statusReply(OK)

/** What a receive asks for, checked. */
export interface ReceiveWish {
  readonly group: string
  readonly topic: string
  readonly filter: MessageFilter
  readonly messagesMax: number
  readonly invisibleMs: number
  readonly autoRenew: boolean
}

/** Messages that were chosen when nobody waits for them any more are given back. */
export const receiveMessage: LeaderPart = async (context, head, request, signal) => {
  const { operations, clock } = context
  const wish = wishOf(receiveRequests.decode(request))
  const messages = await operations.receive({
    ...wish,
    requestKey: head.requestKey,
    clientId: head.clientId,
    pollUntilMono: clock.mono() + head.remainingMs,
    signal,
  })
  if (signal.aborted && messages.length > 0) {
    await operations.release(messages.map(({ receipt }) => receipt))
    return emptyItems(clock.wall())
  }
  if (messages.length === 0) return emptyItems(clock.wall())
  return [OK_ITEM, ...messages.map((message) => itemOf(message, context.storeHost)), ...end(clock.wall())]
}

/** Throws `Refusal` for what no receive may ask. */
export function wishOf(request: ReceiveMessageRequest): ReceiveWish {
  const topic = checkTopic(request.messageQueue?.topic?.name)
  const group = checkGroup(request.group?.name)
  return {
    group,
    topic,
    filter: filterOf(request.filterExpression),
    messagesMax: Math.min(Math.max(request.batchSize, 1), RECEIVE_MESSAGES_MAX),
    invisibleMs: request.autoRenew ? RENEW_MS : invisibleMsOf(request),
    autoRenew: request.autoRenew,
  }
}

function invisibleMsOf(request: ReceiveMessageRequest): number {
  const ms = durationMs(request.invisibleDuration) ?? 0
  if (ms < INVISIBLE_MS_MIN || ms > INVISIBLE_MS_MAX) {
    refuse(
      Code.ILLEGAL_INVISIBLE_TIME,
      `the invisible time is ${ms} ms, it must be ${INVISIBLE_MS_MIN} to ${INVISIBLE_MS_MAX} ms`,
    )
  }
  return ms
}

/** The items of an answer without messages. */
export function emptyItems(nowMs: number): readonly Uint8Array[] {
  return statusItems(NO_NEW_MESSAGE, nowMs)
}

/** The items of an answer that is only a status. */
export function statusItems(status: ClientStatus, nowMs: number): readonly Uint8Array[] {
  return [statusReply(status), ...end(nowMs)]
}

function end(nowMs: number): readonly Uint8Array[] {
  return [deliveryTimestampItem(nowMs)]
}

function itemOf(message: ReceivedMessage, storeHost: string): Uint8Array {
  return deliverMessage({
    stored: message.stored,
    queueId: message.queueId,
    offset: message.offset,
    attempt: message.attempt,
    receiptHandle: encodeReceiptHandle(message.receipt),
    storeHost,
    deadLetterTopic: message.deadLetter ? message.topic : null,
  })
}
