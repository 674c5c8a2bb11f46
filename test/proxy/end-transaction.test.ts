import { describe, expect, test } from 'vitest'
import type { LogPosition } from '../../src/base/brand.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { encodeTransactionId } from '../../src/broker/machine/transaction-id.ts'
import { runLeaderCall } from '../../src/proxy/leader-calls.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import type {
  EndTransactionRequest,
  EndTransactionResponse,
  SendMessageResponse,
} from '../../src/rpc/apache-service.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import { draftMessage, headFor, sendBytes, systemOf, v2, world, type World } from './support/facade-world.ts'

const requests = v2<EndTransactionRequest>('EndTransactionRequest')
const responses = v2<EndTransactionResponse>('EndTransactionResponse')
const SIGNAL = new AbortController().signal
const ID = { topicId: 5, transaction: 1234 as LogPosition }
const TEXT = encodeTransactionId(ID)

async function end(
  { context }: World,
  changes: Draft<EndTransactionRequest> = {},
): Promise<number | undefined> {
  const request = requests.encode({
    topic: { name: 'orders' },
    messageId: 'm1',
    transactionId: TEXT,
    resolution: 1,
    source: 1,
    ...changes,
  })
  const [reply] = await runLeaderCall(context, headFor('endTransaction'), request, SIGNAL)
  return responses.decode(reply ?? Buffer.alloc(0)).status?.code
}

describe('an end of a transaction', () => {
  test('is a commit or a rollback, whoever is said to be its source', async () => {
    const at = world()
    expect(await end(at)).toBe(Code.OK)
    expect(await end(at, { resolution: 2, source: 2 })).toBe(Code.OK)
    expect(await end(at, { resolution: 2, source: 0 })).toBe(Code.OK)
    expect(at.operations.ends).toEqual([
      { topic: 'orders', id: ID, resolution: 'commit' },
      { topic: 'orders', id: ID, resolution: 'rollback' },
      { topic: 'orders', id: ID, resolution: 'rollback' },
    ])
  })

  test('without a resolution is OK and leaves the transaction open', async () => {
    const at = world()
    expect(await end(at, { resolution: 0 })).toBe(Code.OK)
    expect(at.operations.ends).toEqual([])
  })

  test.each<readonly [what: string, code: number, changes: Draft<EndTransactionRequest>]>([
    ['no topic', Code.ILLEGAL_TOPIC, { topic: null }],
    ['an illegal topic', Code.ILLEGAL_TOPIC, { topic: { name: 'a b' } }],
    ['no transaction id', Code.INVALID_TRANSACTION_ID, { transactionId: '' }],
    ['a blank transaction id', Code.INVALID_TRANSACTION_ID, { transactionId: ' ' }],
    ['a transaction id of another broker', Code.INVALID_TRANSACTION_ID, { transactionId: '7F0001015C8D' }],
  ])('with %s is refused', async (_, code, changes) => {
    const at = world()
    expect(await end(at, changes)).toBe(code)
    expect(at.operations.ends).toEqual([])
  })

  test('of a transaction that ended otherwise is refused', async () => {
    const at = world()
    at.operations.onEnd = () =>
      Promise.reject(new BrokerError('INVALID_TRANSACTION_ID', 'rolled back before'))
    expect(await end(at)).toBe(Code.INVALID_TRANSACTION_ID)
  })
})

test('a half message is answered with its transaction id, and others are without', async () => {
  const at = world()
  at.operations.onSend = () =>
    Promise.resolve([
      { queueId: 0, offset: 0, repeated: false, transactionId: TEXT },
      { queueId: 1, offset: 7, repeated: false },
    ])
  const half = draftMessage({ systemProperties: systemOf({ messageType: 4 }) })
  const [reply] = await runLeaderCall(at.context, headFor('sendMessage'), sendBytes(half, half), SIGNAL)
  const { entries } = v2<SendMessageResponse>('SendMessageResponse').decode(reply ?? Buffer.alloc(0))
  expect(entries.map(({ transactionId, offset }) => [transactionId, offset])).toEqual([
    [TEXT, 0],
    ['', 7],
  ])
})
