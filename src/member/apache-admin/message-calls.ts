/** The calls of apache.rocketmq.v2.Admin about messages: looking them up and sending one. */
import { randomBytes } from 'node:crypto'
import { BrokerError } from '../../base/errors.ts'
import { QUERY_MESSAGES_MAX } from '../../base/limits.ts'
import { isDeadLetterTopic } from '../../broker/machine/topics.ts'
import type { BrowseStart, FoundMessage, Queries, QueuePlace } from '../../broker/query/queries.ts'
import { deliveredMessage } from '../../proxy/deliver-message.ts'
import { filterOf } from '../../proxy/filter-expression.ts'
import type {
  AdminSendMessageRequest,
  ListMessageRequest,
  ListMessageResponse,
} from '../../rpc/apache-admin-types.ts'
import type { Message } from '../../rpc/apache-definition.ts'
import { Encoding, FilterType } from '../../rpc/apache-enums.ts'
import type { Draft } from '../../rpc/draft.ts'
import { durationMs, durationOf } from '../../rpc/durations.ts'
import { codecOf } from '../../rpc/protos.ts'

const MESSAGES_DEFAULT = 32
const messages = codecOf<Message>('apache.rocketmq.v2.Message')
const sendRequests = codecOf<{ readonly messages: readonly Message[] }>(
  'apache.rocketmq.v2.SendMessageRequest',
)

/** One page. Throws TOPIC_NOT_FOUND and BAD_REQUEST. */
export async function listMessages(
  queries: Queries,
  request: ListMessageRequest,
  storeHost: string,
  signal: AbortSignal,
): Promise<Draft<ListMessageResponse>> {
  const topic = request.topic?.name ?? ''
  const asMessage = (found: FoundMessage): Message => messages.decode(bytesOf(found, storeHost))
  if (request.liteTopic !== undefined) throw new BrokerError('BAD_REQUEST', 'there are no lite topics here')
  if (request.messageId !== undefined) {
    const found = await queries.byId(request.messageId, topic === '' ? null : topic, signal)
    return { messages: found.map(asMessage), scrollId: '' }
  }
  const { skip, count } = pageOf(request)
  const beginMs = durationMs(request.beginTimestamp) ?? 0
  const endMs = durationMs(request.endTimestamp) ?? Number.POSITIVE_INFINITY
  if (request.messageKey !== undefined) {
    const wish = { topic, key: request.messageKey, beginMs, endMs, messagesMax: skip + count }
    const found = await queries.byKey(wish, signal)
    return { messages: found.slice(skip).map(asMessage), scrollId: '' }
  }
  const start: BrowseStart = request.scrollId
    ? { from: 'places', places: placesOf(request.scrollId) }
    : { from: 'time', timeMs: beginMs }
  const filter = filterOf({ type: FilterType.TAG, expression: request.subscription ?? '*' })
  const queueId = request.queueId ?? null
  const answer = await queries.browse({ topic, queueId, start, endMs, filter, messagesMax: skip + count })
  const scrollId =
    answer.next.length === 0 ? '' : Buffer.from(JSON.stringify(answer.next)).toString('base64url')
  return { messages: answer.messages.slice(skip).map(asMessage), scrollId }
}

function bytesOf({ stored, topic, queueId, offset }: FoundMessage, storeHost: string): Uint8Array {
  const deadLetterTopic = isDeadLetterTopic(topic) ? topic : null
  return deliveredMessage({
    stored,
    queueId,
    offset,
    attempt: 0,
    receiptHandle: '',
    storeHost,
    deadLetterTopic,
  })
}

/** Pages count from 1. */
function pageOf({ maxMessageNums, pageNum, pageSize }: ListMessageRequest): { skip: number; count: number } {
  const size = pageSize ?? (maxMessageNums > 0 ? maxMessageNums : MESSAGES_DEFAULT)
  const skip = (Math.max(pageNum ?? 1, 1) - 1) * size
  if (size < 1 || skip + size > QUERY_MESSAGES_MAX) {
    throw new BrokerError(
      'BAD_REQUEST',
      `a query finds 1 to ${QUERY_MESSAGES_MAX} messages: go on by scroll id`,
    )
  }
  return { skip, count: size }
}

/** Throws BAD_REQUEST for a scroll id that is none of ours. */
function placesOf(scrollId: string): readonly QueuePlace[] {
  try {
    const places = JSON.parse(Buffer.from(scrollId, 'base64url').toString()) as readonly QueuePlace[]
    const isWhole = (number: unknown): boolean => Number.isSafeInteger(number)
    if (places.every(({ queueId, offset }) => isWhole(queueId) && isWhole(offset))) return places
  } catch {
    // Said below.
  }
  throw new BrokerError('BAD_REQUEST', 'the scroll id is not one that was answered')
}

/** A SendMessageRequest with the one message, and its id: the sender's, or a new one. */
export function sendRequestOf(
  request: AdminSendMessageRequest,
  { nowMs, host }: { readonly nowMs: number; readonly host: string },
): { readonly bytes: Uint8Array; readonly messageId: string } {
  const { topic, tag, key, body, userProperties, systemProperties } = request
  const messageId = systemProperties?.messageId || `01${randomBytes(16).toString('hex').toUpperCase()}`
  const message = {
    topic,
    userProperties,
    body,
    systemProperties: {
      ...systemProperties,
      ...(tag === undefined ? {} : { tag }),
      keys: [...(systemProperties?.keys ?? []), ...(key === undefined ? [] : [key])],
      messageId,
      bodyEncoding: systemProperties?.bodyEncoding || Encoding.IDENTITY,
      bornTimestamp: durationOf(nowMs),
      bornHost: host,
    },
  }
  return { bytes: sendRequests.encode({ messages: [message] }), messageId }
}
