import { describe, expect, test } from 'vitest'
import { millis } from '../../src/base/brand.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { parseRecallHandle } from '../../src/proxy/recall-handle.ts'
import { sendMessage } from '../../src/proxy/send-message.ts'
import type { SendMessageResponse } from '../../src/rpc/apache-service.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import { draftMessage, headFor, sendBytes, systemOf, v2, world } from './support/facade-world.ts'

const responses = v2<SendMessageResponse>('SendMessageResponse')
const SIGNAL = new AbortController().signal

describe('a send', () => {
  test("is stored in one piece and answered with the client's own ids", async () => {
    const { context, operations } = world()
    const request = sendBytes(
      draftMessage(),
      draftMessage({ systemProperties: systemOf({ messageId: 'second' }) }),
    )
    const [reply] = await sendMessage(context, headFor('sendMessage'), request, SIGNAL)
    expect(operations.sends).toMatchObject([{ topic: 'orders', count: 2 }])
    const [send] = operations.sends
    const length = send?.messages.reduce((sum, chunk) => sum + chunk.byteLength, 0)
    expect(send?.bytes).toBe(length)
    const ok = { code: Code.OK, message: 'OK' }
    expect(responses.decode(reply ?? Buffer.alloc(0))).toEqual({
      status: ok,
      entries: [
        {
          status: ok,
          messageId: '01A0B1C2D3E4F52F1A0C5B3D4E00000001',
          transactionId: '',
          offset: 40,
          recallHandle: '',
        },
        { status: ok, messageId: 'second', transactionId: '', offset: 41, recallHandle: '' },
      ],
    })
  })

  test('of a message that waits for its time is answered with a recall handle that names it', async () => {
    const { context, operations } = world()
    const timer = { id: 9, dueMs: millis(1_900_000_000_000) }
    operations.onSend = () => Promise.resolve([{ queueId: 0, offset: 0, repeated: false, timer }])
    const [reply] = await sendMessage(context, headFor('sendMessage'), sendBytes(draftMessage()), SIGNAL)
    const [entry] = responses.decode(reply ?? Buffer.alloc(0)).entries
    const messageId = new Uint8Array(Buffer.from(entry?.messageId ?? ''))
    expect(parseRecallHandle('broker-0', entry?.recallHandle ?? '')).toEqual({
      topicId: 7,
      timer,
      messageId,
    })
  })

  test('that is repeated gets the offset of the first', async () => {
    const { context, operations } = world()
    operations.onSend = () => Promise.resolve([{ queueId: 1, offset: 0, repeated: true }])
    const [reply] = await sendMessage(context, headFor('sendMessage'), sendBytes(draftMessage()), SIGNAL)
    const { status, entries } = responses.decode(reply ?? Buffer.alloc(0))
    expect([status?.code, entries[0]?.offset]).toEqual([Code.OK, 0])
  })

  test('with one bad message is refused as a whole', async () => {
    const { context, operations } = world()
    const request = sendBytes(draftMessage(), draftMessage({ body: null }))
    await expect(sendMessage(context, headFor('sendMessage'), request, SIGNAL)).rejects.toMatchObject({
      code: Code.MESSAGE_BODY_EMPTY,
    })
    expect(operations.sends).toEqual([])
  })

  test('passes on what the leader throws', async () => {
    const { context, operations } = world()
    operations.onSend = () => Promise.reject(new BrokerError('DISK_FULL', 'the disk is full'))
    const sent = sendMessage(context, headFor('sendMessage'), sendBytes(draftMessage()), SIGNAL)
    await expect(sent).rejects.toMatchObject({ code: 'DISK_FULL' })
  })
})
