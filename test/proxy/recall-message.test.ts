import { describe, expect, test } from 'vitest'
import { millis } from '../../src/base/brand.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { encodeRecallHandle } from '../../src/proxy/recall-handle.ts'
import { recallMessage } from '../../src/proxy/recall-message.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import type { RecallMessageRequest, RecallMessageResponse } from '../../src/rpc/apache-service.ts'
import { headFor, v2, world } from './support/facade-world.ts'

const requests = v2<RecallMessageRequest>('RecallMessageRequest')
const responses = v2<RecallMessageResponse>('RecallMessageResponse')
const SIGNAL = new AbortController().signal
const timer = { id: 9, dueMs: millis(1_900_000_000_000) }
const HANDLE = encodeRecallHandle('broker-0', { topicId: 3, timer, messageId: Buffer.from('id') })

function wish(recallHandle = HANDLE, name = 'orders'): Buffer {
  return requests.encode({ topic: { name }, recallHandle })
}

describe('a recall', () => {
  test('asks for the message that the handle names and is answered with its id', async () => {
    const { context, operations } = world()
    const head = headFor('recallMessage')
    const [reply] = await recallMessage(context, head, wish(), SIGNAL)
    const ok = { code: Code.OK, message: 'OK' }
    expect(responses.decode(reply ?? Buffer.alloc(0))).toEqual({ status: ok, messageId: 'id' })
    expect(operations.recalls).toEqual([{ requestKey: head.requestKey, topic: 'orders', topicId: 3, timer }])
  })

  test('with what is no handle is refused as by RocketMQ', async () => {
    const { context, operations } = world()
    const asked = recallMessage(context, headFor('recallMessage'), wish('nonsense'), SIGNAL)
    await expect(asked).rejects.toMatchObject({ code: Code.INTERNAL_SERVER_ERROR })
    expect(operations.recalls).toEqual([])
  })

  test('needs a topic and passes on what the leader throws', async () => {
    const { context, operations } = world()
    const bad = recallMessage(context, headFor('recallMessage'), wish(HANDLE, ''), SIGNAL)
    await expect(bad).rejects.toMatchObject({ code: Code.ILLEGAL_TOPIC })
    operations.onRecall = () => Promise.reject(new BrokerError('ILLEGAL_OPERATION', 'too late'))
    const late = recallMessage(context, headFor('recallMessage'), wish(), SIGNAL)
    await expect(late).rejects.toMatchObject({ code: 'ILLEGAL_OPERATION' })
  })
})
