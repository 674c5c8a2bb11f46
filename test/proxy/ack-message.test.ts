import { describe, expect, test } from 'vitest'
import { encodeReceiptHandle } from '../../src/broker/machine/receipt-handle.ts'
import { ackMessage, ackRefusal } from '../../src/proxy/ack-message.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import type { AckMessageRequest, AckMessageResponse } from '../../src/rpc/apache-service.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import { headFor, v2, world, type World } from './support/facade-world.ts'
import { receiptAt } from './support/receive-world.ts'

const requests = v2<AckMessageRequest>('AckMessageRequest')
const responses = v2<AckMessageResponse>('AckMessageResponse')
const SIGNAL = new AbortController().signal
const GOOD = encodeReceiptHandle(receiptAt(5))
const FOREIGN = encodeReceiptHandle(receiptAt(5, 4))

function ackBytes(handles: readonly string[], changes: Draft<AckMessageRequest> = {}): Buffer {
  return requests.encode({
    group: { name: 'billing' },
    topic: { name: 'orders' },
    entries: handles.map((receiptHandle, i) => ({ messageId: `m${i}`, receiptHandle })),
    ...changes,
  })
}

async function ack({ context }: World, request: Uint8Array): Promise<AckMessageResponse> {
  const [reply] = await ackMessage(context, headFor('ackMessage'), request, SIGNAL)
  return responses.decode(reply ?? Buffer.alloc(0))
}

describe('an ack', () => {
  test('is answered entry by entry', async () => {
    const at = world()
    expect(await ack(at, ackBytes([GOOD]))).toMatchObject({
      status: { code: Code.OK },
      entries: [{ messageId: 'm0', receiptHandle: GOOD, status: { code: Code.OK } }],
    })
    expect(at.operations.acks).toMatchObject([{ receipts: [receiptAt(5)], clientId: 'host@1@0@abc' }])
  })

  test('with handles that are not readable or of another group still acks the others', async () => {
    const answer = await ack(world(), ackBytes(['rubbish', GOOD, FOREIGN]))
    expect(answer.status?.code).toBe(Code.MULTIPLE_RESULTS)
    expect(answer.entries.map(({ status }) => status?.code)).toEqual([
      Code.INVALID_RECEIPT_HANDLE,
      Code.OK,
      Code.INVALID_RECEIPT_HANDLE,
    ])
  })

  test('of an earlier delivery is told so', async () => {
    const at = world()
    at.operations.onAck = () => Promise.resolve([false])
    expect((await ack(at, ackBytes([GOOD]))).status?.code).toBe(Code.INVALID_RECEIPT_HANDLE)
  })

  test.each<readonly [what: string, code: number, request: Uint8Array]>([
    ['no entries', Code.INTERNAL_SERVER_ERROR, ackBytes([])],
    ['too many entries', Code.PAYLOAD_TOO_LARGE, ackBytes(Array.from({ length: 1025 }, () => GOOD))],
    ['no topic', Code.ILLEGAL_TOPIC, ackBytes([GOOD], { topic: null })],
    ['an illegal group', Code.ILLEGAL_CONSUMER_GROUP, ackBytes([GOOD], { group: { name: 'a b' } })],
  ])('with %s is refused', async (_, code, request) => {
    await expect(ack(world(), request)).rejects.toMatchObject({ code })
  })
})

test('a refusal repeats every entry, because clients look there first', () => {
  const status = { code: Code.PROXY_TIMEOUT, message: 'late' }
  expect(responses.decode(ackRefusal(ackBytes([GOOD, 'x']), status))).toEqual({
    status,
    entries: [
      { messageId: 'm0', receiptHandle: GOOD, status },
      { messageId: 'm1', receiptHandle: 'x', status },
    ],
  })
  expect(responses.decode(ackRefusal(Uint8Array.from([0x0a, 0x7f]), status))).toEqual({ status, entries: [] })
})
