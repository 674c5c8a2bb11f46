/**
 * Reading queues by offset, on the leader: pulls, and the offsets that groups keep themselves. Reads make no entry
 * of the log; each begins with a read barrier, so that it sees all that was acknowledged before it.
 */
import { type Millis, queueOffset, type QueueOffset } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import { RECEIVE_BYTES_MAX } from '../base/limits.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { Arrivals } from './arrivals.ts'
import { expectReply, type KnownNames } from './known-names.ts'
import type { QueueNumber } from './machine/commands.ts'
import { encodeCommand } from './machine/index.ts'
import { isDeadLetterTopic } from './machine/topics.ts'
import type { GroupView, MachineView, QueueView, TopicView } from './machine/view.ts'
import type { MessageFilter } from './message-filter.ts'
import type { MessageReader } from './message-reader.ts'
import { offsetByTime } from './offset-by-time.ts'
import { readBarrier, type ReplicatedLog } from './replicated-log.ts'
import { requireReadable } from './topic-rules.ts'

/** Messages that a pull looks at before it lets others run. */
const SCAN_MAX = 2048

/** A queue as clients name it. */
export interface QueueName {
  readonly topic: string
  readonly queueId: number
}

export interface PullRequest extends QueueName {
  readonly group: string
  /** The first message wanted. */
  readonly offset: number
  readonly filter: MessageFilter
  readonly messagesMax: number
  /** Monotonic time at which an empty answer is due. */
  readonly pollUntilMono: number
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
}

export interface PulledMessage {
  /** The stored message: header and raw bytes. A view of the log's memory, not to be kept. */
  readonly stored: Uint8Array
  readonly queueId: number
  readonly offset: number
  readonly topic: string
  readonly deadLetter: boolean
}

export interface PullResult {
  readonly messages: readonly PulledMessage[]
  /** Where to go on. */
  readonly nextOffset: number
}

export interface UpdateOffsetRequest extends QueueName {
  readonly requestKey: Uint8Array
  readonly group: string
  readonly offset: number
}

/** An offset of a queue: its oldest message, its end, or the first message stored at or after a time. */
export type OffsetPolicy = 'beginning' | 'end' | { readonly time: Millis }

/** Runs on the leader only. Every method may throw `BrokerError` as those of `LeaderOperations`, and BAD_REQUEST. */
export interface OffsetOperations {
  /**
   * Messages from an offset on, which nobody is kept from. Below the minimum it goes on at the minimum. Throws
   * ILLEGAL_OFFSET behind the end of the queue.
   */
  pull(request: PullRequest): Promise<PullResult>
  /** Throws ILLEGAL_OFFSET behind the end of the queue. */
  updateOffset(request: UpdateOffsetRequest): Promise<void>
  /** What the group stored, or how far it has consumed by receiving. Throws OFFSET_NOT_FOUND. */
  getOffset(group: string, name: QueueName): Promise<number>
  queryOffset(name: QueueName, policy: OffsetPolicy): Promise<number>
}

export interface OffsetOperationsOptions {
  readonly view: MachineView
  readonly log: ReplicatedLog
  readonly reader: MessageReader
  readonly names: KnownNames
  readonly arrivals: Arrivals
  readonly clock: Clock
  readonly logger: Logger
}

/** A queue that was looked up. */
interface Found {
  readonly topic: TopicView
  readonly queue: QueueNumber
}

/** What is found on the way from one offset on. */
interface Scan {
  readonly messages: PulledMessage[]
  next: QueueOffset
}

export class QueueReads implements OffsetOperations {
  readonly #options: OffsetOperationsOptions
  #passedMessages = 0

  constructor(options: OffsetOperationsOptions) {
    this.#options = options
  }

  /** Messages that pulls asked for and that retention had taken, since the start of this member. */
  get passedMessages(): number {
    return this.#passedMessages
  }

  async pull(request: PullRequest): Promise<PullResult> {
    const { log, names, clock, arrivals } = this.#options
    if (!log.leading) throw new BrokerError('NOT_LEADER', 'this member does not lead')
    const found = await this.#find(request)
    requireReadable(found.topic)
    await readBarrier(log)
    // Before the contact, which makes a group: what is refused changes nothing.
    this.#checkEnd(found, queueOffset(request.offset))
    await names.contact(request.group, null)
    const isOver = (): boolean => request.signal.aborted || clock.mono() >= request.pollUntilMono
    const scan: Scan = { messages: [], next: queueOffset(request.offset) }
    for (;;) {
      await this.#scan(found, request, scan)
      const { nextOffset } = this.#queue(found)
      if (scan.messages.length > 0 || isOver()) return { messages: scan.messages, nextOffset: scan.next }
      if (scan.next < nextOffset) await clock.sleep(0, request.signal).catch(() => undefined)
      else await arrivals.wait(found.topic.id, request.pollUntilMono, request.signal)
    }
  }

  async updateOffset({ requestKey, group: name, offset, ...queue }: UpdateOffsetRequest): Promise<void> {
    const { log, names } = this.#options
    if (!log.leading) throw new BrokerError('NOT_LEADER', 'this member does not lead')
    const found = await this.#find(queue)
    if (offset > this.#queue(found).nextOffset) await readBarrier(log)
    this.#checkEnd(found, queueOffset(offset))
    const group = await names.contact(name, null)
    const { reply } = await log.propose(
      encodeCommand({
        type: 'updateOffset',
        request: requestKey,
        groupId: group.id,
        queue: found.queue,
        offset: queueOffset(offset),
      }),
    )
    expectReply(reply, 'done')
  }

  async getOffset(name: string, queueName: QueueName): Promise<number> {
    const { log, names, view } = this.#options
    await readBarrier(log)
    const found = await this.#find(queueName)
    const group: GroupView = await names.group(name)
    const stored = view.pullOffset(group.id, found.queue)?.offset
    const offset = stored ?? view.consumer(group.id, found.queue)?.committed
    if (offset !== undefined) return offset
    const words = `group "${name}" has no offset in queue ${queueName.queueId} of topic "${queueName.topic}"`
    throw new BrokerError('OFFSET_NOT_FOUND', words)
  }

  async queryOffset(name: QueueName, policy: OffsetPolicy): Promise<number> {
    await readBarrier(this.#options.log)
    const queue = this.#queue(await this.#find(name))
    if (policy === 'beginning') return queue.minOffset
    if (policy === 'end') return queue.nextOffset
    return offsetByTime(this.#options.reader, queue, policy.time)
  }

  async #find({ topic: name, queueId }: QueueName): Promise<Found> {
    const topic = await this.#options.names.topic(name)
    const queue = topic.queues[queueId]
    if (queue === undefined) {
      throw new BrokerError('BAD_REQUEST', `topic "${name}" has the queues 0 to ${topic.queues.length - 1}`)
    }
    return { topic, queue }
  }

  /** The queue as it is now. */
  #queue({ topic, queue }: Found): QueueView {
    const view = this.#options.view.queue(queue)
    if (view === undefined) throw new BrokerError('TOPIC_NOT_FOUND', `topic "${topic.name}" was deleted`)
    return view
  }

  #checkEnd(found: Found, offset: QueueOffset): void {
    const { nextOffset } = this.#queue(found)
    if (offset <= nextOffset) return
    throw new BrokerError('ILLEGAL_OFFSET', `the queue ends at ${nextOffset}, before ${offset}`)
  }

  /** Collects what matches, at most a batch, and looks at a bounded number of messages. */
  async #scan(found: Found, request: PullRequest, into: Scan): Promise<void> {
    const { reader } = this.#options
    const { topic, queue } = found
    let bytes = 0
    for (let looked = 0; looked < SCAN_MAX && into.messages.length < request.messagesMax; looked++) {
      const offset = this.#atLeastMinimum(found, request, into.next)
      into.next = offset
      if (offset >= this.#queue(found).nextOffset) return
      const pointer = reader.cachedPointer(queue, offset) ?? (await reader.pointer(queue, offset))
      const wanted = pointer !== undefined && request.filter.mayMatch(pointer.tagHash)
      if (wanted && into.messages.length > 0 && bytes + pointer.size > RECEIVE_BYTES_MAX) return
      const stored = wanted ? await reader.read(queue, offset, pointer) : undefined
      into.next = queueOffset(offset + 1)
      if (stored === undefined || !request.filter.matches(stored)) continue
      bytes += stored.byteLength
      into.messages.push({
        stored,
        queueId: request.queueId,
        offset,
        topic: topic.name,
        deadLetter: isDeadLetterTopic(topic.name),
      })
    }
  }

  /** The offset, or the minimum of the queue when retention has passed it, which is counted and said. */
  #atLeastMinimum(found: Found, { group, topic, queueId }: PullRequest, offset: QueueOffset): QueueOffset {
    const { minOffset } = this.#queue(found)
    if (offset >= minOffset) return offset
    this.#passedMessages += minOffset - offset
    const facts = { group, topic, queueId, offset, minOffset }
    this.#options.logger.warn(facts, 'pull goes on at the minimum: retention has taken what it asked for')
    return minOffset
  }
}
