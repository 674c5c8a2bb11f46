/** Stored messages as the facade makes them out of what a client sends. */
import { cutSendRequest } from '../../src/proxy/cut-message.ts'
import type { SystemProperties } from '../../src/rpc/apache-definition.ts'
import type { SendMessageRequest } from '../../src/rpc/apache-service.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import { codecOf } from '../../src/rpc/protos.ts'

const requests = codecOf<SendMessageRequest>('apache.rocketmq.v2.SendMessageRequest')

/** A message of topic `orders` with these system and user properties, stored at 1,790,000,000,000. */
export function storedFor(
  system: Draft<SystemProperties>,
  userProperties: Readonly<Record<string, string>> = {},
  body = 'body',
): Uint8Array {
  const request = requests.encode({
    messages: [
      {
        topic: { resourceNamespace: '', name: 'orders' },
        userProperties,
        systemProperties: { messageId: '01', messageType: 1, bodyEncoding: 1, ...system },
        body: Buffer.from(body),
      },
    ],
  })
  return Buffer.concat(cutSendRequest(request, 'client', 1_790_000_000_000).chunks)
}
