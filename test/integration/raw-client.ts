/** apache.rocketmq.v2 as a test likes to call it: any field, any client id, one node. */
import { randomBytes } from 'node:crypto'
import type { Message } from '../../src/rpc/apache-definition.ts'
import type {
  AckMessageResponse,
  MessagingServiceCalls,
  QueryRouteResponse,
  ReceiveMessageResponse,
  SendMessageResponse,
} from '../../src/rpc/apache-service.ts'
import { openClient, type ServiceClient } from '../../src/rpc/client.ts'
import type { Draft } from '../../src/rpc/draft.ts'

export interface RawMessage {
  readonly body: Uint8Array | string
  readonly messageId?: string
  readonly properties?: Readonly<Record<string, string>>
  readonly system?: Draft<NonNullable<Message['systemProperties']>>
}

/** What came back from one receive. */
export interface RawReceived {
  readonly code: number
  readonly messages: readonly Message[]
}

export class RawClient {
  readonly #client: ServiceClient<MessagingServiceCalls>
  readonly #clientId: string

  constructor(endpoint: string, clientId = `test@${randomBytes(6).toString('hex')}`) {
    this.#client = openClient({ service: 'apache.rocketmq.v2.MessagingService', address: endpoint })
    this.#clientId = clientId
  }

  send(topic: string, messages: readonly RawMessage[], timeoutMs = 10_000): Promise<SendMessageResponse> {
    return this.#client.call(
      'SendMessage',
      { messages: messages.map((one) => draft(topic, one)) },
      this.#with(timeoutMs),
    )
  }

  async receive(
    topic: string,
    group: string,
    options: {
      expression?: string
      filterType?: number
      batchSize?: number
      waitMs?: number
      autoRenew?: boolean
      invisibleS?: number
    } = {},
  ): Promise<RawReceived> {
    const waitMs = options.waitMs ?? 5_000
    const items: readonly ReceiveMessageResponse[] = await this.#client.collect(
      'ReceiveMessage',
      {
        group: { name: group, resourceNamespace: '' },
        messageQueue: { topic: { name: topic, resourceNamespace: '' } },
        filterExpression: { type: options.filterType ?? 1, expression: options.expression ?? '*' },
        batchSize: options.batchSize ?? 32,
        autoRenew: options.autoRenew ?? false,
        invisibleDuration: { seconds: options.invisibleS ?? 15, nanos: 0 },
        longPollingTimeout: { seconds: Math.floor(waitMs / 1000), nanos: (waitMs % 1000) * 1_000_000 },
      },
      this.#with(waitMs + 5_000),
    )
    let code = 0
    const messages: Message[] = []
    for (const item of items) {
      if (item.status) code = item.status.code
      if (item.message) messages.push(item.message)
    }
    return { code, messages }
  }

  ack(topic: string, group: string, messages: readonly Message[]): Promise<AckMessageResponse> {
    const entries = messages.map((message) => ({
      messageId: message.systemProperties?.messageId ?? '',
      receiptHandle: message.systemProperties?.receiptHandle ?? '',
    }))
    const request = {
      group: { name: group, resourceNamespace: '' },
      topic: { name: topic, resourceNamespace: '' },
      entries,
    }
    return this.#client.call('AckMessage', request, this.#with(10_000))
  }

  route(topic: string, timeoutMs = 10_000): Promise<QueryRouteResponse> {
    const request = {
      topic: { name: topic, resourceNamespace: '' },
      endpoints: { scheme: 1, addresses: [{ host: '127.0.0.1', port: 1 }] },
    }
    return this.#client.call('QueryRoute', request, this.#with(timeoutMs))
  }

  /** A sign of life. */
  async heartbeat(group: string): Promise<number | undefined> {
    const request = { group: { name: group, resourceNamespace: '' }, clientType: 3 }
    const { status } = await this.#client.call('Heartbeat', request, this.#with(10_000))
    return status?.code
  }

  /** Everything that is in the topic for the group, acknowledged. */
  async drain(topic: string, group: string): Promise<Message[]> {
    const all: Message[] = []
    for (;;) {
      const { messages } = await this.receive(topic, group)
      if (messages.length === 0) return all
      all.push(...messages)
      await this.ack(topic, group, messages)
    }
  }

  close(): void {
    this.#client.close()
  }

  #with(timeoutMs: number): { timeoutMs: number; metadata: Record<string, string> } {
    return {
      timeoutMs,
      metadata: { 'x-mq-client-id': this.#clientId, 'x-mq-language': 'JAVA', 'x-mq-client-version': '5.2.1' },
    }
  }
}

/** 34 hexadecimal characters, as clients make them. */
export function newMessageId(): string {
  return `01${randomBytes(16).toString('hex').toUpperCase()}`
}

function draft(topic: string, message: RawMessage): Draft<Message> {
  return {
    topic: { name: topic, resourceNamespace: '' },
    userProperties: message.properties ?? {},
    body: Buffer.from(message.body),
    systemProperties: {
      messageId: message.messageId ?? newMessageId(),
      messageType: 1,
      bodyEncoding: 1,
      bornHost: 'test',
      bornTimestamp: { seconds: 1, nanos: 0 },
      ...message.system,
    },
  }
}
