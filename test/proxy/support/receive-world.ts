/** Receive requests, messages that a leader hands out, and what a client reads from the items. */
import { millis, queueOffset } from '../../../src/base/brand.ts'
import type { ReceivedMessage } from '../../../src/broker/leader-port.ts'
import type { Receipt } from '../../../src/broker/machine/commands.ts'
import { cutSendRequest } from '../../../src/proxy/cut-message.ts'
import type { ReceiveMessageRequest, ReceiveMessageResponse } from '../../../src/rpc/apache-service.ts'
import type { Draft } from '../../../src/rpc/draft.ts'
import { draftMessage, sendBytes, v2 } from './facade-world.ts'

const requests = v2<ReceiveMessageRequest>('ReceiveMessageRequest')
const responses = v2<ReceiveMessageResponse>('ReceiveMessageResponse')

/** A receive as clients send it; the changes replace whole parts. */
export function receiveBytes(changes: Draft<ReceiveMessageRequest> = {}): Buffer {
  return requests.encode({
    group: { resourceNamespace: '', name: 'billing' },
    messageQueue: { topic: { resourceNamespace: '', name: 'orders' }, id: 0 },
    filterExpression: { type: 1, expression: '*' },
    batchSize: 16,
    invisibleDuration: { seconds: 30, nanos: 0 },
    longPollingTimeout: { seconds: 10, nanos: 0 },
    ...changes,
  })
}

export function receiptAt(offset: number, groupId = 3): Receipt {
  return { groupId, queue: 70, offset: queueOffset(offset), attempt: 1, deadline: millis(30_000) }
}

export function receivedAt(offset: number, changes: Partial<ReceivedMessage> = {}): ReceivedMessage {
  const { chunks } = cutSendRequest(sendBytes(draftMessage()), 'client', 1_790_000_000_000)
  return {
    stored: Buffer.concat(chunks),
    queueId: 0,
    offset,
    attempt: 1,
    receipt: receiptAt(offset),
    topic: 'orders',
    deadLetter: false,
    ...changes,
  }
}

export function readItems(items: readonly Uint8Array[]): ReceiveMessageResponse[] {
  return items.map((item) => responses.decode(item))
}

/** What the items are, and the code of the status. */
export function outline(items: readonly Uint8Array[]): readonly (string | number | undefined)[] {
  return readItems(items).map(({ content, status }) => status?.code ?? content)
}
