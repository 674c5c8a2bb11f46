/**
 * A small client of apache.rocketmq.v2: sends, receives and acknowledges through any member. For the command
 * line, benches and fault tests; applications use the official clients.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { crc32 } from '../base/crc32.ts'
import { BrokerError } from '../base/errors.ts'
import { durationOf } from '../rpc/durations.ts'
import type { Message, Resource } from '../rpc/apache-definition.ts'
import { Code } from '../rpc/apache-enums.ts'
import type { MessagingServiceCalls } from '../rpc/apache-service.ts'
import type { RequestOptions } from '../rpc/client.ts'
import type { Draft } from '../rpc/draft.ts'
import { FailoverClient, type OpenClient } from './failover-client.ts'
import { MessageIds } from './message-id.ts'
import { errorOfStatus } from './status-error.ts'

const CALL_MS = 10_000
const TAG_FILTER = 1
const IDENTITY = 1
const CRC32_DIGEST = 1
const NORMAL = 1
const DELAY = 3

/** A message to send. */
export interface OutgoingMessage {
  readonly body: Uint8Array
  readonly tag?: string | undefined
  readonly keys?: readonly string[] | undefined
  /** A send that is repeated with the id of `newMessageId` stores nothing twice; each send has its own if left out. */
  readonly messageId?: string | undefined
  /** The message comes at this time, milliseconds since 1970: for topics of type DELAY. */
  readonly dueMs?: number | undefined
}

/** What became of a message that was sent. */
export interface Sent {
  readonly messageId: string
  readonly offset: number
}

/** A message that was received and may be acknowledged. */
export interface Delivery {
  readonly messageId: string
  readonly queueId: number
  readonly offset: number
  readonly attempt: number
  readonly tag: string
  readonly keys: readonly string[]
  /** Milliseconds since 1970; 0 when not told. */
  readonly bornMs: number
  readonly body: Uint8Array
  readonly receiptHandle: string
}

/** What to receive. */
export interface ReceiveOptions {
  readonly topic: string
  readonly group: string
  readonly messagesMax: number
  /** How long the call may wait for a first message. */
  readonly waitMs: number
  /** For how long nobody else receives them. */
  readonly invisibleMs: number
  readonly signal?: AbortSignal | undefined
}

export class MessagingClient {
  readonly #client: FailoverClient<MessagingServiceCalls>
  readonly #ids = new MessageIds(randomBytes(6).toString('hex'), process.pid, Date.now())
  readonly #clientId = `${hostname()}@${process.pid}@${randomBytes(4).toString('hex')}`

  /** How long each address gets for a call, beside the time that a receive waits. */
  readonly #callMs: number

  /** `open` is for tests: it makes the client of one address. */
  constructor(addresses: readonly string[], open?: OpenClient<MessagingServiceCalls>, callMs = CALL_MS) {
    this.#callMs = callMs
    const service = 'apache.rocketmq.v2.MessagingService'
    this.#client = new FailoverClient<MessagingServiceCalls>(addresses, service, open)
  }

  /** An id for a message that may have to be sent again. */
  newMessageId(): string {
    return this.#ids.next()
  }

  /** Sends messages of one topic in one call; a repeat at another member stores nothing twice. */
  async send(topic: string, messages: readonly OutgoingMessage[]): Promise<readonly Sent[]> {
    const drafts = messages.map((message) => this.#draft(topic, message))
    const response = await this.#client.call('SendMessage', { messages: drafts }, this.#options(this.#callMs))
    const failed = errorOfStatus(response.status)
    if (failed !== undefined && response.status?.code !== Code.MULTIPLE_RESULTS) throw failed
    return response.entries.map(({ status, messageId, offset }) => {
      const error = errorOfStatus(status)
      if (error !== undefined) throw error
      return { messageId, offset }
    })
  }

  /** Receives up to `messagesMax` messages; empty when none came in time. */
  async receive(options: ReceiveOptions): Promise<readonly Delivery[]> {
    const { topic, group, messagesMax, waitMs, invisibleMs, signal } = options
    const request = {
      group: resource(group),
      messageQueue: { topic: resource(topic), id: 0 },
      filterExpression: { type: TAG_FILTER, expression: '*' },
      batchSize: messagesMax,
      invisibleDuration: durationOf(invisibleMs),
      longPollingTimeout: durationOf(waitMs),
      autoRenew: false,
      attemptId: randomUUID(),
    }
    const items = await this.#client.collect(
      'ReceiveMessage',
      request,
      this.#options(waitMs + this.#callMs, signal),
    )
    const deliveries: Delivery[] = []
    for (const item of items) {
      if (item.message !== undefined) deliveries.push(deliveryOf(item.message))
      const error = item.status === undefined ? undefined : errorOfStatus(item.status)
      if (error !== undefined && item.status?.code !== Code.MESSAGE_NOT_FOUND) throw error
    }
    return deliveries
  }

  /** Acknowledges deliveries. Throws the error of the first one that was refused. */
  async acknowledge(topic: string, group: string, deliveries: readonly Delivery[]): Promise<void> {
    const entries = deliveries.map(({ messageId, receiptHandle }) => ({ messageId, receiptHandle }))
    const request = { group: resource(group), topic: resource(topic), entries }
    const response = await this.#client.call('AckMessage', request, this.#options(this.#callMs))
    const errors = response.entries.map((entry) => errorOfStatus(entry.status))
    const first = errors.find((error) => error !== undefined) ?? errorOfStatus(response.status)
    if (first !== undefined) throw first
  }

  /** Makes deliveries that this client still holds visible again, and closes the connections. */
  async close(group?: string): Promise<void> {
    try {
      if (group !== undefined) {
        await this.#client.call('NotifyClientTermination', { group: resource(group) }, this.#options(1_000))
      }
    } catch (error) {
      // A broker that is away forgets this client by itself when the invisible time is over.
      if (!(error instanceof BrokerError)) throw error
    } finally {
      this.#client.close()
    }
  }

  #draft(topic: string, message: OutgoingMessage): Draft<Message> {
    const checksum = crc32(message.body).toString(16).toUpperCase().padStart(8, '0')
    return {
      topic: resource(topic),
      systemProperties: {
        ...(message.tag === undefined ? {} : { tag: message.tag }),
        keys: message.keys ?? [],
        messageId: message.messageId ?? this.#ids.next(),
        bodyDigest: { type: CRC32_DIGEST, checksum },
        bodyEncoding: IDENTITY,
        messageType: message.dueMs === undefined ? NORMAL : DELAY,
        ...(message.dueMs === undefined ? {} : { deliveryTimestamp: durationOf(message.dueMs) }),
        bornTimestamp: durationOf(Date.now()),
        bornHost: hostname(),
      },
      body: message.body,
    }
  }

  #options(timeoutMs: number, signal?: AbortSignal): RequestOptions {
    const metadata = {
      'x-mq-client-id': this.#clientId,
      'x-mq-language': 'NODE_JS',
      'x-mq-client-version': '5.0.0',
      'x-mq-protocol': 'v2',
    }
    return { timeoutMs, metadata, ...(signal === undefined ? {} : { signal }) }
  }
}

/** What a client sees of a message. */
export function deliveryOf(message: Message): Delivery {
  const system = message.systemProperties
  return {
    messageId: system?.messageId ?? '',
    queueId: system?.queueId ?? 0,
    offset: system?.queueOffset ?? 0,
    attempt: system?.deliveryAttempt ?? 1,
    tag: system?.tag ?? '',
    keys: system?.keys ?? [],
    bornMs: system?.bornTimestamp?.seconds === undefined ? 0 : system.bornTimestamp.seconds * 1_000,
    body: message.body,
    receiptHandle: system?.receiptHandle ?? '',
  }
}

/** A name without a namespace. */
export function resource(name: string): Resource {
  return { resourceNamespace: '', name }
}
