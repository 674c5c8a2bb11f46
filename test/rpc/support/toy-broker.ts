/** Just enough of MessagingService, in memory, for an official client to send, receive and acknowledge. */
import { crc32 } from '../../../src/base/crc32.ts'
import type { Message } from '../../../src/rpc/apache-definition.ts'
import type {
  ReceiveMessageResponse,
  SendMessageRequest,
  TelemetryCommand,
} from '../../../src/rpc/apache-service.ts'
import { Code, DigestType, Permission } from '../../../src/rpc/apache-enums.ts'
import { callsOf, codecOf } from '../../../src/rpc/protos.ts'
import type { CallContext, Method } from '../../../src/rpc/service.ts'

const SERVICE = 'apache.rocketmq.v2.MessagingService'
const status = { code: Code.OK, message: 'OK' }
const calls = callsOf(SERVICE)

export interface ToyBroker {
  readonly methods: readonly Method[]
  readonly stored: Message[]
  /** Receipt handles of what was acknowledged. */
  readonly acknowledged: string[]
  /** What became of each receive. */
  readonly fates: string[]
}

export function toyBroker(host: string): ToyBroker {
  const stored: Message[] = []
  const waiting: Message[] = []
  const acknowledged: string[] = []
  const fates: string[] = []

  function unary(
    name: string,
    answer: (context: CallContext, request: Record<string, unknown>) => object,
  ): Method {
    const call = calls[name]
    if (call === undefined) throw new Error(`there is no call ${name}`)
    return {
      type: 'unary',
      path: call.path,
      handle: (context, bytes) =>
        Promise.resolve(
          call.response.encode(answer(context, call.request.decode(bytes) as Record<string, unknown>)),
        ),
    }
  }

  function queue(context: CallContext, topic: unknown, id: number): object {
    const port = Number(context.localAddress.split(':').at(-1))
    const endpoints = { scheme: 3, addresses: [{ host, port }] }
    return {
      topic,
      id,
      permission: Permission.READ_WRITE,
      broker: { name: 'toy', id: 0, endpoints },
      acceptMessageTypes: [1],
    }
  }

  const item = codecOf<ReceiveMessageResponse>('apache.rocketmq.v2.ReceiveMessageResponse')
  const command = codecOf<TelemetryCommand>('apache.rocketmq.v2.TelemetryCommand')
  const methods: Method[] = [
    unary('QueryRoute', (context, request) => ({
      status,
      messageQueues: [0, 1].map((id) => queue(context, request['topic'], id)),
    })),
    unary('Heartbeat', () => ({ status })),
    unary('NotifyClientTermination', () => ({ status })),
    unary('AckMessage', (_context, request) => {
      const entries = request['entries'] as { receiptHandle: string }[]
      acknowledged.push(...entries.map((entry) => entry.receiptHandle))
      return { status, entries: entries.map((entry) => ({ ...entry, status })) }
    }),
    unary('SendMessage', (_context, request) => {
      const { messages } = request as unknown as SendMessageRequest
      stored.push(...messages)
      waiting.push(...messages)
      return {
        status,
        entries: messages.map((message) => ({ status, messageId: message.systemProperties?.messageId })),
      }
    }),
    {
      type: 'serverStream',
      path: `/${SERVICE}/ReceiveMessage`,
      handle: () => {
        const messages = waiting.splice(0).map((message, at) => ({
          ...message,
          systemProperties: {
            ...message.systemProperties,
            bodyDigest: { type: DigestType.CRC32, checksum: crc32(message.body).toString(16).toUpperCase() },
            receiptHandle: `handle-${at}`,
            deliveryAttempt: 1,
            queueOffset: at,
          },
        }))
        const items = [{ status }, ...messages.map((message) => ({ message }))].map((one) => item.encode(one))
        const onDelivered = (): void => void fates.push(`delivered ${messages.length}`)
        const onLost = (): void => void fates.push(`lost ${messages.length}`)
        return Promise.resolve({ items, onDelivered, onLost })
      },
    },
    {
      type: 'bidi',
      path: `/${SERVICE}/Telemetry`,
      async handle(_context, stream) {
        for await (const bytes of stream) {
          const { settings } = command.decode(bytes)
          const backoffPolicy = {
            maxAttempts: 3,
            exponentialBackoff: { initial: { seconds: 1 }, max: { seconds: 2 }, multiplier: 2 },
          }
          const published = settings?.publishing && {
            publishing: { ...settings.publishing, maxBodySize: 4 << 20 },
          }
          if (settings !== undefined)
            stream.send(command.encode({ status, settings: { ...settings, ...published, backoffPolicy } }))
        }
      },
    },
  ]
  return { methods, stored, acknowledged, fates }
}
