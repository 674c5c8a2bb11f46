import { expect, test } from 'vitest'
import { encodeReceiptHandle } from '../../src/broker/machine/receipt-handle.ts'
import { runLeaderCall } from '../../src/proxy/leader-calls.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import type {
  ForwardMessageToDeadLetterQueueRequest,
  ForwardMessageToDeadLetterQueueResponse,
} from '../../src/rpc/apache-service.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import { headFor, v2, type World, world } from './support/facade-world.ts'
import { receiptAt } from './support/receive-world.ts'

const requests = v2<ForwardMessageToDeadLetterQueueRequest>('ForwardMessageToDeadLetterQueueRequest')
const responses = v2<ForwardMessageToDeadLetterQueueResponse>('ForwardMessageToDeadLetterQueueResponse')

async function forward(at: World, changes: Draft<ForwardMessageToDeadLetterQueueRequest> = {}) {
  const request = requests.encode({
    group: { name: 'billing' },
    topic: { name: 'orders' },
    receiptHandle: encodeReceiptHandle(receiptAt(4)),
    messageId: 'm1',
    deliveryAttempt: 3,
    maxDeliveryAttempts: 3,
    ...changes,
  })
  const { signal } = new AbortController()
  const [reply] = await runLeaderCall(at.context, headFor('forwardDead'), request, signal)
  return responses.decode(reply ?? new Uint8Array()).status?.code
}

test('a message is given up by its handle, or by its id alone', async () => {
  const at = world()
  expect(await forward(at)).toBe(Code.OK)
  expect(await forward(at, { receiptHandle: '' })).toBe(Code.OK)
  expect(at.deadLetters.forwards).toMatchObject([
    { group: 'billing', topic: 'orders', receipt: receiptAt(4), clientId: 'host@1@0@abc' },
    { receipt: undefined, messageId: 'm1' },
  ])
})

test('a handle of another group, one that cannot be read and one that is over are invalid', async () => {
  const at = world()
  const other = encodeReceiptHandle(receiptAt(4, 9))
  expect(await forward(at, { receiptHandle: other })).toBe(Code.INVALID_RECEIPT_HANDLE)
  expect(await forward(at, { receiptHandle: 'x' })).toBe(Code.INVALID_RECEIPT_HANDLE)
  expect(at.deadLetters.forwards).toEqual([])
  at.deadLetters.onForward = () => Promise.resolve(false)
  expect(await forward(at)).toBe(Code.INVALID_RECEIPT_HANDLE)
})

test('names are checked', async () => {
  const at = world()
  expect(await forward(at, { topic: { name: '' } })).toBe(Code.ILLEGAL_TOPIC)
  expect(await forward(at, { group: null })).toBe(Code.ILLEGAL_CONSUMER_GROUP)
  expect(await forward(at, { receiptHandle: '', messageId: ' ' })).toBe(Code.ILLEGAL_MESSAGE_ID)
  expect(at.deadLetters.forwards).toEqual([])
})
