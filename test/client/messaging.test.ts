/** What the small messaging client asks of a member, and what it makes of the answers. */
import { expect, test } from 'vitest'
import { MessagingClient } from '../../src/client/messaging.ts'
import type { Draft } from '../../src/rpc/draft.ts'
import type { MessagingServiceCalls, SendMessageRequest } from '../../src/rpc/apache-service.ts'
import type { ServiceClient } from '../../src/rpc/client.ts'

const OK = { code: 20_000, message: 'OK' }

/** A member that gives fixed answers and keeps what it was asked. */
function memberOf(answers: Readonly<Record<string, unknown>>) {
  const asked: { readonly name: string; readonly request: unknown }[] = []
  const reply = (name: string, request: unknown): Promise<never> => {
    asked.push({ name, request })
    return Promise.resolve(answers[name] as never)
  }
  const member: ServiceClient<MessagingServiceCalls> = {
    call: reply,
    collect: reply,
    close: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return { client: new MessagingClient(['a'], () => member), asked }
}

test('a message is sent with an id, a checksum, its tag and its keys', async () => {
  const { client, asked } = memberOf({
    SendMessage: { status: OK, entries: [{ status: OK, messageId: 'M1', offset: 7 }] },
  })
  const sent = await client.send('hello', [{ body: Buffer.from('hi'), tag: 't', keys: ['k'] }])
  expect(sent).toEqual([{ messageId: 'M1', offset: 7 }])
  const request = asked[0]?.request as Draft<SendMessageRequest>
  expect(request.messages?.[0]).toMatchObject({
    topic: { name: 'hello' },
    systemProperties: {
      tag: 't',
      keys: ['k'],
      bodyDigest: { type: 1, checksum: 'D8932AAC' },
      messageType: 1,
    },
  })
  expect(request.messages?.[0]?.systemProperties?.messageId).toMatch(/^01[0-9A-F]{32}$/)
})

test('a refused message is an error in the words of the broker', async () => {
  const refused = { code: 40_402, message: 'topic "hello" does not exist' }
  const { client } = memberOf({ SendMessage: { status: refused, entries: [] } })
  await expect(client.send('hello', [{ body: Buffer.from('hi') }])).rejects.toMatchObject({
    code: 'TOPIC_NOT_FOUND',
    message: 'topic "hello" does not exist',
  })
})

const options = { topic: 'hello', group: 'g', messagesMax: 4, waitMs: 5_500, invisibleMs: 30_000 }

test('received messages come with what is needed to acknowledge them', async () => {
  const systemProperties = {
    messageId: 'M1',
    queueId: 3,
    queueOffset: 9,
    receiptHandle: 'R',
    keys: [],
    tag: 't',
  }
  const { client, asked } = memberOf({
    ReceiveMessage: [
      { deliveryTimestamp: { seconds: 1, nanos: 0 } },
      { message: { systemProperties, body: Buffer.from('hi') } },
      { status: OK },
    ],
    AckMessage: { status: OK, entries: [{ status: OK }] },
  })
  const deliveries = await client.receive(options)
  expect(deliveries).toMatchObject([
    { messageId: 'M1', queueId: 3, offset: 9, attempt: 1, receiptHandle: 'R' },
  ])
  expect(asked[0]?.request).toMatchObject({
    longPollingTimeout: { seconds: 5, nanos: 500_000_000 },
    batchSize: 4,
  })
  await client.acknowledge('hello', 'g', deliveries)
  expect(asked[1]?.request).toMatchObject({ entries: [{ messageId: 'M1', receiptHandle: 'R' }] })
})

test('no message in time is an empty answer', async () => {
  const { client } = memberOf({ ReceiveMessage: [{ status: { code: 40_401, message: 'no new message' } }] })
  expect(await client.receive(options)).toEqual([])
})

test('an acknowledgement that came too late is an error', async () => {
  const late = { code: 40_013, message: 'the handle has expired' }
  const { client } = memberOf({ AckMessage: { status: OK, entries: [{ status: late }] } })
  await expect(client.acknowledge('hello', 'g', [])).rejects.toMatchObject({ code: 'INVALID_RECEIPT_HANDLE' })
})
