import { describe, expect, test } from 'vitest'
import { encodeReceiptHandle } from '../../src/broker/machine/receipt-handle.ts'
import { receiveMessage, statusItems, wishOf } from '../../src/proxy/receive-message.ts'
import type { ReceiveMessageRequest } from '../../src/rpc/apache-service.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import { codeOf } from './support/code-of.ts'
import { headFor, v2, world } from './support/facade-world.ts'
import { outline, readItems, receiptAt, receiveBytes, receivedAt } from './support/receive-world.ts'

const requests = v2<ReceiveMessageRequest>('ReceiveMessageRequest')
const HEAD = headFor('receiveMessage', { remainingMs: 10_000 })

function wish(changes: Draft<ReceiveMessageRequest> = {}): ReturnType<typeof wishOf> {
  return wishOf(requests.decode(receiveBytes(changes)))
}

describe('a receive asks', () => {
  test('for its group, topic, filter, number and invisible time', () => {
    const filterExpression = { type: 1, expression: ' a || b ' }
    expect(wish({ filterExpression })).toMatchObject({
      group: 'billing',
      topic: 'orders',
      filter: { tags: new Set(['a', 'b']) },
      messagesMax: 16,
      invisibleMs: 30_000,
      autoRenew: false,
    })
  })

  test.each([
    [-1, 1],
    [0, 1],
    [32, 32],
    [33, 32],
  ])('for %i messages and gets at most %i', (batchSize, messagesMax) => {
    expect(wish({ batchSize }).messagesMax).toBe(messagesMax)
  })

  test('for 60 s when the leader renews, whatever else it says', () => {
    const asked = { autoRenew: true, invisibleDuration: { seconds: 1, nanos: 0 } }
    expect(wish(asked)).toMatchObject({ invisibleMs: 60_000, autoRenew: true })
    expect(wish({ autoRenew: true, invisibleDuration: null }).invisibleMs).toBe(60_000)
  })

  test.each<readonly [what: string, code: number, changes: Draft<ReceiveMessageRequest>]>([
    ['no topic', Code.ILLEGAL_TOPIC, { messageQueue: null }],
    ['an illegal topic', Code.ILLEGAL_TOPIC, { messageQueue: { topic: { name: 'a b' } } }],
    ['no group', Code.ILLEGAL_CONSUMER_GROUP, { group: null }],
    ['an invisible time below 10 s', Code.ILLEGAL_INVISIBLE_TIME, { invisibleDuration: { seconds: 9 } }],
    ['an invisible time above 12 h', Code.ILLEGAL_INVISIBLE_TIME, { invisibleDuration: { seconds: 43_201 } }],
    ['no invisible time', Code.ILLEGAL_INVISIBLE_TIME, { invisibleDuration: null }],
    [
      'a filter without tags',
      Code.ILLEGAL_FILTER_EXPRESSION,
      { filterExpression: { type: 1, expression: '||' } },
    ],
    [
      'an SQL filter without a meaning',
      Code.ILLEGAL_FILTER_EXPRESSION,
      { filterExpression: { type: 2, expression: 'a >' } },
    ],
  ])('for nothing with %s', (_, code, changes) => {
    expect(codeOf(() => wish(changes))).toBe(code)
  })
})

describe('the leader', () => {
  test('answers with status, messages and delivery time, in this order', async () => {
    const { context, operations } = world()
    operations.onReceive = () => Promise.resolve([receivedAt(5), receivedAt(6, { attempt: 2 })])
    const items = await receiveMessage(context, HEAD, receiveBytes(), new AbortController().signal)
    expect(outline(items)).toEqual([Code.OK, 'message', 'message', 'deliveryTimestamp'])
    expect(readItems(items)[2]?.message?.systemProperties).toMatchObject({
      receiptHandle: encodeReceiptHandle(receiptAt(6)),
      deliveryAttempt: 2,
      queueOffset: 6,
      storeHost: '10.0.0.1:8081',
    })
  })

  test('is asked with the key of the request and until the polling time', async () => {
    const { context, operations, clock } = world()
    clock.advance(700)
    const items = await receiveMessage(context, HEAD, receiveBytes(), new AbortController().signal)
    expect(operations.receives).toMatchObject([
      { requestKey: HEAD.requestKey, clientId: HEAD.clientId, pollUntilMono: 10_700 },
    ])
    expect(outline(items)).toEqual([Code.MESSAGE_NOT_FOUND, 'deliveryTimestamp'])
  })

  test('names the dead letter topic of a dead letter', async () => {
    const { context, operations } = world()
    const dead = receivedAt(5, { topic: '%DLQ%billing', deadLetter: true })
    operations.onReceive = () => Promise.resolve([dead])
    const items = await receiveMessage(context, HEAD, receiveBytes(), new AbortController().signal)
    expect(readItems(items)[1]?.message).toMatchObject({
      topic: { name: '%DLQ%billing' },
      systemProperties: { deadLetterQueue: { topic: 'orders' } },
    })
  })

  test('takes messages back that were chosen when nobody waits any more', async () => {
    const { context, operations } = world()
    const aborter = new AbortController()
    operations.onReceive = () => {
      aborter.abort()
      return Promise.resolve([receivedAt(5)])
    }
    const items = await receiveMessage(context, HEAD, receiveBytes(), aborter.signal)
    expect(operations.releases).toEqual([[receiptAt(5)]])
    expect(outline(items)).toEqual([Code.MESSAGE_NOT_FOUND, 'deliveryTimestamp'])
  })
})

test('a status alone is followed by the delivery time', () => {
  expect(outline(statusItems({ code: 42900, message: 'polling full' }, 0))).toEqual([
    42900,
    'deliveryTimestamp',
  ])
})
