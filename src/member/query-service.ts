/**
 * `dledger.v1.Query` on every member: the leader says how far a read must see, and this member answers from its own
 * queues, index and log.
 */
import type { LogIndex, LogPosition } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import { QUERIES_MAX, QUERY_BYTES_MAX } from '../base/limits.ts'
import { readStoredHeader } from '../broker/machine/stored-message.ts'
import type { MachineView } from '../broker/machine/view.ts'
import type { MessageFilter } from '../broker/message-filter.ts'
import type { MessageReader } from '../broker/message-reader.ts'
import type { BrowseStart, FoundMessage, Queries } from '../broker/query/queries.ts'
import { standsOf, traceLog } from '../broker/query/trace.ts'
import { Admission } from '../proxy/admission.ts'
import { filterOf } from '../proxy/filter-expression.ts'
import { Refusal } from '../proxy/refusal.ts'
import type { Message } from '../rpc/apache-definition.ts'
import { FilterType } from '../rpc/apache-enums.ts'
import type { Draft } from '../rpc/draft.ts'
import { durationMs } from '../rpc/durations.ts'
import { codecOf } from '../rpc/protos.ts'
import type {
  BrowseMessagesRequest,
  MessagesResponse,
  QueryCalls,
  StoredMessage,
  TraceGroup,
  TraceMessageRequest,
  TraceMessageResponse,
} from '../rpc/query-types.ts'
import type { Method } from '../rpc/service.ts'
import { type TypedHandlers, typedService } from '../rpc/typed-service.ts'

/** A query waits so long for the leader, for this member and for its index; and so long a scan of the log takes. */
const WAIT_MS_MAX = 10_000
const TRACE_MS_MAX = 5_000
const MESSAGES_DEFAULT = 32

const messages = codecOf<Message>('apache.rocketmq.v2.Message')

export interface QueryServiceOptions {
  readonly queries: Queries
  readonly view: MachineView
  readonly reader: MessageReader
  /** How far a read must see that begins now, as the leader says. */
  readonly readIndex: () => Promise<LogIndex>
  readonly waitApplied: (index: LogIndex, signal: AbortSignal) => Promise<void>
  /** The bodies of applied entries that start at or behind a position. */
  readonly bodiesFrom: (position: LogPosition) => AsyncIterable<Uint8Array>
}

export class QueryService {
  readonly #options: QueryServiceOptions
  readonly #admission = new Admission(QUERIES_MAX, Number.MAX_SAFE_INTEGER)

  constructor(options: QueryServiceOptions) {
    this.#options = options
  }

  /** The methods for the client port. */
  methods(): readonly Method[] {
    const { queries } = this.#options
    const handlers: TypedHandlers<QueryCalls> = {
      GetMessage: (_context, { messageId, topic, withBody }) =>
        this.#read(async (signal) => {
          if (messageId === '') throw new BrokerError('BAD_REQUEST', 'give the id of a message')
          return answer(await queries.byId(messageId, topic === '' ? null : topic, signal), withBody)
        }),
      QueryMessages: (_context, { topic, key, beginMs, endMs, messagesMax, withBody }) =>
        this.#read(async (signal) => {
          if (key === '' || /\s/.test(key))
            throw new BrokerError('BAD_REQUEST', 'give one key without blanks')
          const query = { topic, key, beginMs, endMs: boundOf(endMs), messagesMax: countOf(messagesMax) }
          return answer(await queries.byKey(query, signal), withBody)
        }),
      BrowseMessages: (_context, request) => this.#read(() => this.#browse(request)),
      TraceMessage: (_context, request) => this.#read((signal) => this.#trace(request, signal)),
    }
    return typedService<QueryCalls>('dledger.v1.Query', handlers)
  }

  /** Runs a query once this member holds all that was acknowledged before it. */
  async #read<T>(query: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#admission.enter(0)
    try {
      const signal = AbortSignal.timeout(WAIT_MS_MAX)
      await this.#options.waitApplied(await this.#options.readIndex(), signal)
      return await query(signal)
    } finally {
      this.#admission.leave(0)
    }
  }

  async #browse(request: BrowseMessagesRequest): Promise<Draft<MessagesResponse>> {
    const found = await this.#options.queries.browse({
      topic: request.topic,
      queueId: request.queueId ?? null,
      start: startOf(request),
      endMs: boundOf(request.endMs),
      filter: browseFilter(request),
      messagesMax: countOf(request.messagesMax),
    })
    return { ...answer(found.messages, request.withBody), next: found.next }
  }

  async #trace(request: TraceMessageRequest, signal: AbortSignal): Promise<Draft<TraceMessageResponse>> {
    const { view, bodiesFrom } = this.#options
    const found = await this.#traced(request, signal)
    const { queue, offset } = found
    const stands = standsOf(view, queue, offset)
    const position = await this.#positionOf(found)
    const { events, bytesRead, complete } = await traceLog(
      bodiesFrom,
      position,
      queue,
      offset,
      AbortSignal.timeout(TRACE_MS_MAX),
    )
    const groups: Draft<TraceGroup>[] = []
    for (const { group, state, attempt, visibleAtMs, deadLetterTopic } of stands) {
      const dead = state === 'done' ? await this.#deadLetter(found, deadLetterTopic, signal) : null
      groups.push({
        group,
        state: dead === null ? state : 'dead',
        attempt,
        visibleMs: visibleAtMs,
        deadLetter: dead,
      })
    }
    return {
      message: storedMessage(found, false),
      groups,
      events: events.map(({ groupId, visibleAtMs, ...event }) => ({
        ...event,
        group: view.groupById(groupId)?.name ?? `deleted group ${groupId}`,
        visibleMs: visibleAtMs,
      })),
      eventsComplete: complete,
      logBytesRead: bytesRead,
    }
  }

  /** The one message that a trace asks for. */
  async #traced(request: TraceMessageRequest, signal: AbortSignal): Promise<FoundMessage> {
    const { messageId, topic, queueId, queueOffset } = request
    const { queries } = this.#options
    if (queueId !== undefined) {
      const found = await queries.at(topic, queueId, queueOffset)
      if (found !== undefined) return found
      throw new BrokerError('OFFSET_NOT_FOUND', `topic "${topic}" has no message there`)
    }
    if (messageId === '')
      throw new BrokerError('BAD_REQUEST', 'give a message id, or a topic, queue and offset')
    const all = await queries.byId(messageId, topic === '' ? null : topic, signal)
    // A dead letter is the end of the way of its message.
    const found = all.find((one) => !one.topic.startsWith('%DLQ%')) ?? all[0]
    if (found !== undefined) return found
    throw new BrokerError('OFFSET_NOT_FOUND', `there is no message with id "${messageId}"`)
  }

  /** Where the message stands in the log. */
  async #positionOf({ queue, offset }: FoundMessage): Promise<LogPosition> {
    const { reader, view } = this.#options
    const pointer = await reader.pointer(queue, offset)
    return pointer?.position ?? view.floors.position
  }

  async #deadLetter(
    found: FoundMessage,
    topic: string | null,
    signal: AbortSignal,
  ): Promise<Draft<StoredMessage> | null> {
    const { messageId } = storedMessage(found, false)
    if (topic === null || !messageId) return null
    const [dead] = await this.#options.queries.byId(messageId, topic, signal)
    return dead === undefined ? null : storedMessage(dead, false)
  }
}

function startOf({ next, offset, beginMs }: BrowseMessagesRequest): BrowseStart {
  if (next.length > 0) return { from: 'places', places: next }
  if (offset !== undefined) return { from: 'offset', offset }
  return beginMs === undefined ? { from: 'offset', offset: 0 } : { from: 'time', timeMs: beginMs }
}

function browseFilter({ tags, sql }: BrowseMessagesRequest): MessageFilter {
  try {
    return filterOf(
      sql === '' ? { type: FilterType.TAG, expression: tags } : { type: FilterType.SQL, expression: sql },
    )
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new BrokerError('BAD_REQUEST', error.message, { cause: error })
  }
}

function boundOf(endMs: number): number {
  return endMs === 0 ? Number.POSITIVE_INFINITY : endMs
}

function countOf(messagesMax: number): number {
  return messagesMax === 0 ? MESSAGES_DEFAULT : messagesMax
}

/** Bodies as long as they fit an answer; what has none says how long its body is. */
function answer(found: readonly FoundMessage[], withBody: boolean): Draft<MessagesResponse> {
  let bytes = 0
  return {
    messages: found.map((one, i) => {
      bytes += one.stored.byteLength
      return storedMessage(one, withBody && (i === 0 || bytes <= QUERY_BYTES_MAX))
    }),
    next: [],
  }
}

function storedMessage(found: FoundMessage, withBody: boolean): Draft<StoredMessage> {
  const { topic, queueId, offset, stored, storedAtMs } = found
  const header = readStoredHeader(stored)
  if (header === undefined) throw new BrokerError('DATA_DAMAGED', 'the log holds bytes that are no message')
  const { headerBytes, rawLength, messageType } = header
  const message = messages.decode(stored.subarray(headerBytes, headerBytes + rawLength))
  const system = message.systemProperties
  const { tag, messageGroup } = system ?? {}
  return {
    topic,
    queueId,
    queueOffset: offset,
    messageId: system?.messageId ?? '',
    ...(tag !== undefined && { tag }),
    keys: system?.keys ?? [],
    messageType,
    ...(messageGroup !== undefined && { messageGroup }),
    ...(system?.deliveryTimestamp !== undefined && {
      deliveryMs: Math.max(0, durationMs(system.deliveryTimestamp) ?? 0),
    }),
    bornMs: Math.max(0, durationMs(system?.bornTimestamp) ?? 0),
    bornHost: system?.bornHost ?? '',
    storedMs: storedAtMs,
    properties: message.userProperties,
    bodyBytes: message.body.byteLength,
    body: withBody ? message.body : Buffer.alloc(0),
    bodyEncoding: system?.bodyEncoding ?? 0,
  }
}
