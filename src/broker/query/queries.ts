/**
 * Finds messages for people: by id, by key, by time, by queue and offset. Works on this member's own queues and
 * index; whoever calls has made sure that they hold everything that was acknowledged. Reads no more than the limits
 * say, and says where to go on.
 */
import type { Millis, QueueOffset } from '../../base/brand.ts'
import { BrokerError } from '../../base/errors.ts'
import { INDEX_CANDIDATES_MAX, QUERY_BYTES_MAX, QUERY_MESSAGES_MAX } from '../../base/limits.ts'
import { topicMissing } from '../known-names.ts'
import type { QueueNumber } from '../machine/commands.ts'
import { readStoredHeader } from '../machine/stored-message.ts'
import type { MachineView, QueueView, TopicView } from '../machine/view.ts'
import type { MessageFilter } from '../message-filter.ts'
import type { MessageReader } from '../message-reader.ts'
import { offsetByTime } from '../offset-by-time.ts'
import type { MessageIndex, MessagePlace } from './message-index.ts'
import { hasId, hasKey, wordHash } from './message-words.ts'

export interface QueriesOptions {
  readonly view: MachineView
  readonly reader: MessageReader
  readonly index: MessageIndex
}

/** A message with its place. */
export interface FoundMessage extends MessagePlace {
  readonly topic: string
  readonly queueId: number
  /** Header and raw bytes: a view of the log's memory. */
  readonly stored: Uint8Array
  readonly storedAtMs: number
}

export interface KeyQuery {
  readonly topic: string
  readonly key: string
  /** Stored from here to there, both included. */
  readonly beginMs: number
  readonly endMs: number
  readonly messagesMax: number
}

export interface BrowseQuery {
  readonly topic: string
  /** `null`: all queues, in the order of time. */
  readonly queueId: number | null
  /** Where each queue starts: an offset, a time, or where an earlier answer ended. */
  readonly start: BrowseStart
  readonly endMs: number
  readonly filter: MessageFilter
  readonly messagesMax: number
}

export type BrowseStart =
  | { readonly from: 'offset'; readonly offset: number }
  | { readonly from: 'time'; readonly timeMs: number }
  | { readonly from: 'places'; readonly places: readonly QueuePlace[] }

export interface QueuePlace {
  readonly queueId: number
  readonly offset: number
}

export interface BrowseAnswer {
  readonly messages: readonly FoundMessage[]
  /** Where each queue goes on; empty when there is nothing more. */
  readonly next: readonly QueuePlace[]
}

/** One queue of a browse. */
interface Lane {
  readonly queue: QueueView
  offset: number
  head: FoundMessage | undefined
}

export class Queries {
  readonly #options: QueriesOptions

  constructor(options: QueriesOptions) {
    this.#options = options
  }

  /** Messages with this id, in all topics unless one is named: a dead letter has the id of its message. */
  async byId(id: string, topic: string | null, signal: AbortSignal): Promise<readonly FoundMessage[]> {
    const { view, index } = this.#options
    const topics = topic === null ? [...view.topics()] : [this.#topic(topic)]
    await index.caughtUp(
      topics.flatMap(({ queues }) => queues),
      signal,
    )
    const places = await index.find(null, wordHash(id))
    const inTopic = places.filter(({ queue }) => topic === null || topics[0]?.queues.includes(queue) === true)
    return this.#found(inTopic, (stored) => hasId(stored, id), QUERY_MESSAGES_MAX)
  }

  /** Messages of a topic with this key, the newest first. Throws TOPIC_NOT_FOUND. */
  async byKey(query: KeyQuery, signal: AbortSignal): Promise<readonly FoundMessage[]> {
    const { index } = this.#options
    const topic = this.#topic(query.topic)
    await index.caughtUp(topic.queues, signal)
    const places = await index.find(topic.id, wordHash(query.key))
    const found = await this.#found(places, (stored, storedAtMs) => {
      return storedAtMs >= query.beginMs && storedAtMs <= query.endMs && hasKey(stored, query.key)
    })
    return found.sort((a, b) => b.storedAtMs - a.storedAtMs).slice(0, countOf(query.messagesMax))
  }

  /** The message at a place; `undefined` when it is not there or not any more. Throws TOPIC_NOT_FOUND. */
  async at(topic: string, queueId: number, offset: number): Promise<FoundMessage | undefined> {
    const queue = this.#topic(topic).queues[queueId]
    const live = queue === undefined ? undefined : this.#options.view.queue(queue)
    if (queue === undefined || live === undefined) return undefined
    const isThere = Number.isSafeInteger(offset) && offset >= live.minOffset && offset < live.nextOffset
    if (!isThere) return undefined
    return this.#read({ queue, offset: offset as QueueOffset })
  }

  /** Messages of a topic in the order in which they were stored. Throws TOPIC_NOT_FOUND and BAD_REQUEST. */
  async browse(query: BrowseQuery): Promise<BrowseAnswer> {
    const lanes = await this.#lanes(query)
    const budget = { reads: INDEX_CANDIDATES_MAX, bytes: QUERY_BYTES_MAX }
    const messages: FoundMessage[] = []
    const max = countOf(query.messagesMax)
    for (const lane of lanes) await this.#advance(lane, query, budget)
    while (messages.length < max && budget.reads > 0) {
      const lane = earliest(lanes)
      if (lane?.head === undefined) break
      budget.bytes -= lane.head.stored.byteLength
      if (messages.length > 0 && budget.bytes < 0) break
      messages.push(lane.head)
      lane.offset = lane.head.offset + 1
      await this.#advance(lane, query, budget)
    }
    const more = lanes.filter(({ queue, offset, head }) => head !== undefined || offset < queue.nextOffset)
    return { messages, next: more.length === 0 ? [] : lanes.map(placeOf) }
  }

  /** Looks for the lane's next message that is asked for. Without a head the lane is over or the budget is. */
  async #advance(lane: Lane, query: BrowseQuery, budget: { reads: number }): Promise<void> {
    lane.head = undefined
    const { queue } = lane
    for (; lane.offset < queue.nextOffset && budget.reads > 0; lane.offset++) {
      budget.reads--
      const found = await this.#read({ queue: queue.queue, offset: lane.offset as QueueOffset })
      if (found === undefined) continue
      if (found.storedAtMs > query.endMs) {
        lane.offset = queue.nextOffset
        return
      }
      if (query.filter.matches(found.stored)) {
        lane.head = found
        return
      }
    }
  }

  async #lanes({ topic, queueId, start }: BrowseQuery): Promise<Lane[]> {
    const { view, reader } = this.#options
    const { queues } = this.#topic(topic)
    if (queueId !== null && queues[queueId] === undefined) {
      throw new BrokerError('BAD_REQUEST', `topic "${topic}" has the queues 0 to ${queues.length - 1}`)
    }
    const lanes: Lane[] = []
    for (const number of queueId === null ? queues : [queues[queueId] as QueueNumber]) {
      const live = view.queue(number)
      if (live === undefined) continue
      // The queue grows meanwhile: the answer ends where it began.
      const { queue, topicId, queueId: id, minOffset, nextOffset, firstPage } = live
      const still = { queue, topicId, queueId: id, minOffset, nextOffset, firstPage }
      const offset =
        start.from === 'time' ? await offsetByTime(reader, still, start.timeMs as Millis) : startOf(start, id)
      lanes.push({ queue: still, offset: Math.max(offset, minOffset), head: undefined })
    }
    return lanes
  }

  #topic(name: string): TopicView {
    const topic = this.#options.view.topic(name)
    if (topic === undefined) throw new BrokerError('TOPIC_NOT_FOUND', topicMissing(name))
    return topic
  }

  /** Reads the places and keeps what is really meant. */
  async #found(
    places: readonly MessagePlace[],
    isMeant: (stored: Uint8Array, storedAtMs: number) => boolean,
    max = Number.POSITIVE_INFINITY,
  ): Promise<FoundMessage[]> {
    const messages: FoundMessage[] = []
    for (const place of places) {
      const found = await this.#read(place)
      if (found !== undefined && isMeant(found.stored, found.storedAtMs)) messages.push(found)
      if (messages.length >= max) break
    }
    return messages
  }

  async #read(place: MessagePlace): Promise<FoundMessage | undefined> {
    const { view, reader } = this.#options
    const queue = view.queue(place.queue)
    const topic = queue === undefined ? undefined : view.topicById(queue.topicId)
    if (queue === undefined || topic === undefined || place.offset < queue.minOffset) return undefined
    const stored = await reader.read(place.queue, place.offset)
    const header = stored && readStoredHeader(stored)
    if (stored === undefined || header === undefined) return undefined
    return { ...place, topic: topic.name, queueId: queue.queueId, stored, storedAtMs: header.storedAtMs }
  }
}

function earliest(lanes: readonly Lane[]): Lane | undefined {
  let first: Lane | undefined
  for (const lane of lanes) {
    const time = lane.head?.storedAtMs
    if (time !== undefined && time < (first?.head?.storedAtMs ?? Number.POSITIVE_INFINITY)) first = lane
  }
  return first
}

function placeOf({ queue, offset }: Lane): QueuePlace {
  return { queueId: queue.queueId, offset }
}

/** A queue that an earlier answer did not name had nothing more. */
function startOf(start: Exclude<BrowseStart, { from: 'time' }>, queueId: number): number {
  if (start.from === 'offset') return start.offset
  return start.places.find((place) => place.queueId === queueId)?.offset ?? Number.MAX_SAFE_INTEGER
}

function countOf(messagesMax: number): number {
  return Math.min(Math.max(messagesMax, 1), QUERY_MESSAGES_MAX)
}
