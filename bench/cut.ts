/**
 * What the facade's own work on one message costs: cutting it out of a SendMessageRequest, and making the
 * item that delivers it. Prints microseconds of processor time for bodies of several sizes; MD5 of the body is
 * part of delivery.
 */
import { cutSendRequest } from '../src/proxy/cut-message.ts'
import { deliverMessage } from '../src/proxy/deliver-message.ts'
import { codecOf } from '../src/rpc/protos.ts'
import type { SendMessageRequest } from '../src/rpc/apache-service.ts'

const CLIENT_ID = 'host-0a1b2c@4242@0@abcdefghijk'
const NOW_MS = 1_790_000_000_000
const WARM_UP = 20_000

const requests = codecOf<SendMessageRequest>('apache.rocketmq.v2.SendMessageRequest')

function requestOf(bodyBytes: number): Buffer {
  return requests.encode({
    messages: [
      {
        topic: { resourceNamespace: '', name: 'orders' },
        userProperties: { region: 'north', trace: '00f067aa0ba902b7' },
        systemProperties: {
          tag: 'created',
          keys: ['order-4711'],
          messageId: '01A0B1C2D3E4F52F1A0C5B3D4E00000001',
          bodyEncoding: 1,
          messageType: 1,
          bornTimestamp: { seconds: 1_790_000_000, nanos: 123_000_000 },
          bornHost: 'worker-1.example',
          queueId: 0,
        },
        body: Buffer.alloc(bodyBytes, 0x61),
      },
    ],
  })
}

function microseconds(rounds: number, run: () => void): number {
  for (let i = 0; i < Math.min(WARM_UP, rounds); i += 1) run()
  const start = process.cpuUsage()
  for (let i = 0; i < rounds; i += 1) run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / rounds
}

for (const [bodyBytes, rounds] of [
  [128, 200_000],
  [1024, 200_000],
  [65_536, 5000],
] as const) {
  const request = requestOf(bodyBytes)
  const { chunks } = cutSendRequest(request, CLIENT_ID, NOW_MS)
  const stored = Buffer.concat(chunks)
  const cut = microseconds(rounds, () => {
    cutSendRequest(request, CLIENT_ID, NOW_MS)
  })
  const deliver = microseconds(rounds, () => {
    deliverMessage({
      stored,
      queueId: 3,
      offset: 123_456,
      attempt: 1,
      receiptHandle: 'AQAAAAEAAAABAAAAAAAAACoAAAABAAABmX0AAAA',
      storeHost: '10.0.0.1:8081',
      deadLetterTopic: null,
    })
  })
  console.log(`body ${bodyBytes} B: cut ${cut.toFixed(2)} us, deliver ${deliver.toFixed(2)} us`)
}
