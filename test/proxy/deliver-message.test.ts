import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cutSendRequest } from '../../src/proxy/cut-message.ts'
import { deliverMessage, receiptHandleOf } from '../../src/proxy/deliver-message.ts'
import { NO_NEW_MESSAGE } from '../../src/proxy/receive-message.ts'
import { statusReply } from '../../src/proxy/status-reply.ts'
import { WireWriter } from '../../src/proxy/wire-writer.ts'
import type { Message } from '../../src/rpc/apache-definition.ts'
import type { ReceiveMessageResponse } from '../../src/rpc/apache-service.ts'
import { draftMessage, systemOf, v2 } from './support/facade-world.ts'

const responses = v2<ReceiveMessageResponse>('ReceiveMessageResponse')
const messages = v2<Message>('Message')
const NOW_MS = 1_790_000_000_123
const HANDLE = 'AQAAAAAAAAMAAABGAAAAAAAAACoAAAABAAABmX0AAAAAAAAA'

function storedOf(raw: Uint8Array): Uint8Array {
  const request = new WireWriter().bytes(1, raw).done()
  return Buffer.concat(cutSendRequest(request, 'client', NOW_MS).chunks)
}

function deliver(stored: Uint8Array, deadLetterTopic: string | null = null): Uint8Array {
  return deliverMessage({
    stored,
    queueId: 3,
    offset: 2 ** 33,
    attempt: 2,
    receiptHandle: HANDLE,
    storeHost: '10.0.0.1:8081',
    deadLetterTopic,
  })
}

function decoded(item: Uint8Array): Message {
  const { message } = responses.decode(item)
  if (message === undefined) throw new Error('the item holds no message')
  return message
}

/** What a consumer gets for a message that was sent so. */
function received(changes: Parameters<typeof draftMessage>[0] = {}): Message {
  return decoded(deliver(storedOf(messages.encode(draftMessage(changes)))))
}

describe('a delivered message', () => {
  test('carries what the sender said and what the broker adds', () => {
    expect(received()).toEqual({
      topic: { resourceNamespace: '', name: 'orders' },
      userProperties: { region: 'north' },
      body: Buffer.from('hello'),
      systemProperties: expect.objectContaining({
        tag: 'created',
        keys: ['order-1'],
        messageId: '01A0B1C2D3E4F52F1A0C5B3D4E00000001',
        bornTimestamp: { seconds: 1_790_000_000, nanos: 123_000_000 },
        bornHost: 'worker-1',
        bodyDigest: { type: 2, checksum: createHash('md5').update('hello').digest('hex').toUpperCase() },
        bodyEncoding: 1,
        messageType: 1,
        storeTimestamp: { seconds: 1_790_000_000, nanos: 123_000_000 },
        storeHost: '10.0.0.1:8081',
        receiptHandle: HANDLE,
        queueId: 3,
        queueOffset: 2 ** 33,
        deliveryAttempt: 2,
      }),
    })
  })

  test('says nothing of its own that the sender made up', () => {
    const { systemProperties } = received({
      systemProperties: systemOf({
        bodyDigest: { type: 1, checksum: '77' },
        storeTimestamp: { seconds: 1, nanos: 0 },
        storeHost: 'made-up',
        receiptHandle: 'made-up',
        queueId: 99,
        queueOffset: 99,
        invisibleDuration: { seconds: 9, nanos: 0 },
        deliveryAttempt: 99,
        deadLetterQueue: { topic: 'made-up', messageId: 'made-up' },
      }),
    })
    expect(systemProperties).toMatchObject({ storeHost: '10.0.0.1:8081', queueId: 3, deliveryAttempt: 2 })
    expect(systemProperties).not.toHaveProperty('deadLetterQueue')
    expect(systemProperties).not.toHaveProperty('invisibleDuration')
  })

  test('has an encoding and a time of birth even if the sender gave none', () => {
    const systemProperties = systemOf({ bodyEncoding: 0, bornTimestamp: null })
    expect(received({ systemProperties }).systemProperties).toMatchObject({
      bodyEncoding: 1,
      bornTimestamp: { seconds: 1_790_000_000, nanos: 123_000_000 },
    })
  })

  test('keeps the encoding that the sender named', () => {
    expect(received({ systemProperties: systemOf({ bodyEncoding: 2 }) }).systemProperties?.bodyEncoding).toBe(
      2,
    )
  })

  test('has each part once, so that clients which do not merge read the same', () => {
    const item = deliver(storedOf(messages.encode(draftMessage())))
    // A second decode of the same bytes with every duplicate would differ in length.
    expect(responses.encode(responses.decode(item)).byteLength).toBe(item.byteLength)
  })
})

test('a dead letter names its own topic and where it came from', () => {
  const message = decoded(deliver(storedOf(messages.encode(draftMessage())), '%DLQ%billing'))
  expect(message.topic).toEqual({ resourceNamespace: '', name: '%DLQ%billing' })
  expect(message.systemProperties?.deadLetterQueue).toEqual({
    topic: 'orders',
    messageId: '01A0B1C2D3E4F52F1A0C5B3D4E00000001',
  })
  expect(message.body.toString()).toBe('hello')
})

test('bytes that are no stored message are reported as damaged', () => {
  expect(() => deliver(Buffer.alloc(100))).toThrow(expect.objectContaining({ code: 'DATA_DAMAGED' }))
})

test('the receipt handle is found in an item, and only in a message', () => {
  expect(receiptHandleOf(deliver(storedOf(messages.encode(draftMessage()))))).toBe(HANDLE)
  expect(receiptHandleOf(statusReply(NO_NEW_MESSAGE))).toBeUndefined()
})

const names = fc.stringMatching(/^[a-z]{1,8}$/)
const unknown = fc.array(fc.tuple(fc.integer({ min: 30, max: 5000 }), fc.uint8Array({ maxLength: 20 })), {
  maxLength: 3,
})

test('whatever was sent comes out, with fields that nobody knows in their place', () => {
  fc.assert(
    fc.property(
      fc.record({
        userProperties: fc.dictionary(names, names, { maxKeys: 4 }),
        body: fc.uint8Array({ minLength: 1, maxLength: 300 }),
        system: fc.record({
          tag: names,
          keys: fc.array(names, { maxLength: 3 }),
          messageId: names,
          bornHost: names,
        }),
        unknown,
        unknownSystem: unknown,
      }),
      (given) => {
        const { userProperties, body } = given
        const system = new WireWriter().raw(
          v2('SystemProperties').encode({ ...systemOf(given.system) } as object),
        )
        for (const [field, bytes] of given.unknownSystem) system.bytes(field, bytes)
        const raw = new WireWriter()
        for (const [field, bytes] of given.unknown) raw.bytes(field, bytes)
        raw.raw(messages.encode(draftMessage({ userProperties, body, systemProperties: null })))
        raw.bytes(3, system.view())
        const item = deliver(storedOf(raw.done()))
        const message = decoded(item)
        expect(message.userProperties).toEqual(userProperties)
        expect(message.body.equals(Buffer.from(body))).toBe(true)
        expect(message.systemProperties).toMatchObject(given.system)
        for (const [field, bytes] of [...given.unknown, ...given.unknownSystem]) {
          const part = new WireWriter().bytes(field, bytes).done()
          expect(Buffer.from(item).includes(Buffer.from(part))).toBe(true)
        }
      },
    ),
  )
})
