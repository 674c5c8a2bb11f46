/**
 * A small client for reading queues by offset, which the official clients do not offer: pulls, and the offsets that a
 * group keeps itself (apache.rocketmq.v2: PullMessage, UpdateOffset, GetOffset, QueryOffset).
 */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { BrokerError } from '../base/errors.ts'
import { durationOf } from '../rpc/durations.ts'
import { Code } from '../rpc/apache-enums.ts'
import type { MessagingServiceCalls } from '../rpc/apache-service.ts'
import type { RequestOptions } from '../rpc/client.ts'
import { FailoverClient, type OpenClient } from './failover-client.ts'
import { type Delivery, deliveryOf, resource } from './messaging.ts'
import { errorOfStatus } from './status-error.ts'

const CALL_MS = 10_000
const TAG_FILTER = 1
const POLICIES = { beginning: 0, end: 1, time: 2 } as const

/** A queue of a topic. */
export interface QueueName {
  readonly topic: string
  readonly queueId: number
}

/** What to pull. */
export interface PullOptions extends QueueName {
  readonly group: string
  readonly offset: number
  readonly messagesMax: number
  /** How long the call may wait for a first message. */
  readonly waitMs: number
  /** Tags as in a subscription; everything if left out. */
  readonly expression?: string
}

/** Messages, which have no receipt handle, and where to go on. */
export interface Pulled {
  readonly messages: readonly Delivery[]
  readonly nextOffset: number
}

export class PullClient {
  readonly #client: FailoverClient<MessagingServiceCalls>
  readonly #clientId = `${hostname()}@${process.pid}@${randomBytes(4).toString('hex')}`

  /** `open` is for tests: it makes the client of one address. */
  constructor(addresses: readonly string[], open?: OpenClient<MessagingServiceCalls>) {
    const service = 'apache.rocketmq.v2.MessagingService'
    this.#client = new FailoverClient<MessagingServiceCalls>(addresses, service, open)
  }

  /** Throws ILLEGAL_OFFSET behind the end of the queue. Below its beginning it goes on at the beginning. */
  async pull(options: PullOptions): Promise<Pulled> {
    const { group, offset, messagesMax, waitMs, expression = '*' } = options
    const request = {
      group: resource(group),
      messageQueue: queueOf(options),
      offset,
      batchSize: messagesMax,
      filterExpression: { type: TAG_FILTER, expression },
      longPollingTimeout: durationOf(waitMs),
    }
    const items = await this.#client.collect('PullMessage', request, this.#options(waitMs))
    const messages: Delivery[] = []
    let nextOffset: number | undefined
    for (const item of items) {
      if (item.message !== undefined) messages.push(deliveryOf(item.message))
      if (item.nextOffset !== undefined) nextOffset = item.nextOffset
      const error = item.status === undefined ? undefined : errorOfStatus(item.status)
      if (error !== undefined && item.status?.code !== Code.MESSAGE_NOT_FOUND) throw error
    }
    if (nextOffset !== undefined) return { messages, nextOffset }
    throw new BrokerError('CLOSED', 'the answer to a pull ended early', { outcome: 'unknown' })
  }

  /** Stores how far the group has read the queue: the next message to read. */
  async updateOffset(group: string, queue: QueueName, offset: number): Promise<void> {
    const request = { group: resource(group), messageQueue: queueOf(queue), offset }
    const { status } = await this.#client.call('UpdateOffset', request, this.#options())
    const error = errorOfStatus(status)
    if (error !== undefined) throw error
  }

  /** Throws OFFSET_NOT_FOUND when the group has none. */
  async getOffset(group: string, queue: QueueName): Promise<number> {
    const request = { group: resource(group), messageQueue: queueOf(queue) }
    const { status, offset } = await this.#client.call('GetOffset', request, this.#options())
    const error = errorOfStatus(status)
    if (error !== undefined) throw error
    return offset
  }

  /** The beginning or the end of a queue, or its first message that was stored at or after a time. */
  async queryOffset(
    queue: QueueName,
    at: 'beginning' | 'end' | { readonly timeMs: number },
  ): Promise<number> {
    const policy = typeof at === 'string' ? at : 'time'
    const timestamp = typeof at === 'string' ? null : durationOf(at.timeMs)
    const request = { messageQueue: queueOf(queue), queryOffsetPolicy: POLICIES[policy], timestamp }
    const { status, offset } = await this.#client.call('QueryOffset', request, this.#options())
    const error = errorOfStatus(status)
    if (error !== undefined) throw error
    return offset
  }

  close(): void {
    this.#client.close()
  }

  #options(waitMs = 0): RequestOptions {
    const metadata = {
      'x-mq-client-id': this.#clientId,
      'x-mq-language': 'NODE_JS',
      'x-mq-client-version': '5.0.0',
      'x-mq-protocol': 'v2',
    }
    return { timeoutMs: waitMs + CALL_MS, metadata }
  }
}

function queueOf({ topic, queueId }: QueueName): {
  readonly topic: ReturnType<typeof resource>
  readonly id: number
} {
  return { topic: resource(topic), id: queueId }
}
