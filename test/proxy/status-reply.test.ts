import { expect, test } from 'vitest'
import { deliveryTimestampItem, statusBytes, statusReply } from '../../src/proxy/status-reply.ts'
import type { Status } from '../../src/rpc/apache-definition.ts'
import type { ReceiveMessageResponse } from '../../src/rpc/apache-service.ts'
import { v2 } from './support/facade-world.ts'

const STATUS = { code: 40002, message: 'größer als 127 Zeichen: '.repeat(9) }

test('a status is read back', () => {
  expect(v2<Status>('Status').decode(statusBytes(STATUS))).toEqual(STATUS)
})

test.each([
  'QueryRouteResponse',
  'HeartbeatResponse',
  'SendMessageResponse',
  'QueryAssignmentResponse',
  'AckMessageResponse',
  'ForwardMessageToDeadLetterQueueResponse',
  'UpdateOffsetResponse',
  'GetOffsetResponse',
  'QueryOffsetResponse',
  'EndTransactionResponse',
  'NotifyClientTerminationResponse',
  'ChangeInvisibleDurationResponse',
  'RecallMessageResponse',
  'SyncLiteSubscriptionResponse',
  'ReceiveMessageResponse',
  'PullMessageResponse',
])('it is the status of %s', (name) => {
  expect(v2<{ status: Status }>(name).decode(statusReply(STATUS)).status).toEqual(STATUS)
})

test('the delivery time is an item of its own', () => {
  const item = deliveryTimestampItem(1_790_000_000_123)
  expect(v2<ReceiveMessageResponse>('ReceiveMessageResponse').decode(item)).toEqual({
    content: 'deliveryTimestamp',
    deliveryTimestamp: { seconds: 1_790_000_000, nanos: 123_000_000 },
  })
})
