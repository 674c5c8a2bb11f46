import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import { crc32 } from '../../src/base/crc32.ts'
import { readStoredHeader, STORED_HEADER_BYTES } from '../../src/broker/machine/stored-message.ts'
import { cutSendRequest, type CutRequest } from '../../src/proxy/cut-message.ts'
import { deliverMessage } from '../../src/proxy/deliver-message.ts'
import { Refusal } from '../../src/proxy/refusal.ts'
import { WireWriter } from '../../src/proxy/wire-writer.ts'
import type { Message, SystemProperties } from '../../src/rpc/apache-definition.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import type { ReceiveMessageResponse } from '../../src/rpc/apache-service.ts'
import { codeOf } from './support/code-of.ts'
import { draftMessage, sendBytes, systemOf, v2 } from './support/facade-world.ts'

const CLIENT_ID = 'host@1@0@abc'
const NOW_MS = 1_790_000_000_123
const messages = v2<Message>('Message')
const responses = v2<ReceiveMessageResponse>('ReceiveMessageResponse')
const DELIVERY = {
  queueId: 1,
  offset: 1,
  attempt: 1,
  receiptHandle: 'handle',
  storeHost: 'host',
  deadLetterTopic: null,
}
const systems = v2<SystemProperties>('SystemProperties')

function cut(bytes: Uint8Array): CutRequest {
  return cutSendRequest(bytes, CLIENT_ID, NOW_MS)
}

/** The stored messages, one after the other, as the log gets them. */
function storedOf({ chunks, count }: CutRequest): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => Buffer.concat(chunks.slice(2 * i, 2 * i + 2)))
}

describe('a request', () => {
  test('becomes stored messages whose ranges hold what a decoder finds', () => {
    const bytes = sendBytes(
      draftMessage(),
      draftMessage({
        body: Buffer.from('second'),
        systemProperties: systemOf({ tag: '', messageId: 'two' }),
      }),
    )
    const request = cut(bytes)
    expect(request).toMatchObject({ topic: 'orders', count: 2 })
    expect(request.messageIds.map(utf8Text)).toEqual(['01A0B1C2D3E4F52F1A0C5B3D4E00000001', 'two'])
    const stored = storedOf(request)
    expect(stored.reduce((sum, one) => sum + one.byteLength, 0)).toBe(request.bytes)
    const headers = stored.map((one) => readStoredHeader(one))
    expect(headers[0]).toMatchObject({
      messageType: 1,
      bodyCrc: crc32(utf8('hello')),
      tagHash: crc32(utf8('created')),
      storedAtMs: NOW_MS,
    })
    expect(headers[1]).toMatchObject({ tagHash: 0, bodyLength: 6 })
    expect(headers[0]?.identityA).not.toBe(headers[1]?.identityA)
  })

  test.each([
    [
      'DELAY',
      { deliveryTimestamp: { seconds: Math.floor(NOW_MS / 1000) + 5, nanos: 0 } },
      3,
      (Math.floor(NOW_MS / 1000) + 5) * 1000,
    ],
    [
      'TRANSACTION',
      { messageType: 4, orphanedTransactionRecoveryDuration: { seconds: 9, nanos: 0 } },
      4,
      9000,
    ],
    ['TRANSACTION without a time', { messageType: 4 }, 4, 0],
    [
      'DELAY in parts of a millisecond',
      { deliveryTimestamp: { seconds: 1_790_000_009, nanos: 1_500_000 } },
      3,
      1_790_000_009_002,
    ],
    ['PRIORITY', { priority: 7 }, 6, 7],
  ] as const)('of type %s has its number in the header', (_, system, messageType, value) => {
    const request = cut(sendBytes(draftMessage({ systemProperties: systemOf(system) })))
    expect(readStoredHeader(storedOf(request)[0] as Uint8Array)).toMatchObject({
      messageType,
      value,
      hash: 0n,
    })
    expect([...request.messageTypes]).toEqual([messageType])
  })

  test('of a message group has a hash of it that no other group has', () => {
    const hashOf = (messageGroup: string): bigint | undefined => {
      const request = cut(sendBytes(draftMessage({ systemProperties: systemOf({ messageGroup }) })))
      return readStoredHeader(storedOf(request)[0] as Uint8Array)?.hash
    }
    expect(hashOf('a')).toBe(hashOf('a'))
    expect(new Set(Array.from({ length: 1000 }, (_, i) => hashOf(`group-${i}`))).size).toBe(1000)
  })

  test('of several types stands in one request, each with the header of its type', () => {
    const typed = draftMessage({ systemProperties: systemOf({ messageGroup: 'g' }) })
    const request = cut(sendBytes(draftMessage(), typed, draftMessage()))
    const headers = storedOf(request).map((one) => readStoredHeader(one))
    expect(headers.map((header) => header?.headerBytes)).toEqual([48, 64, 48])
    expect([...request.messageTypes]).toEqual([1, 2])
  })

  test('that comes again has the same identity, and from another client it has not', () => {
    const bytes = sendBytes(draftMessage())
    const identity = (clientId: string): unknown => {
      const header = readStoredHeader(Buffer.concat(cutSendRequest(bytes, clientId, NOW_MS).chunks))
      return [header?.identityA, header?.identityB]
    }
    expect(identity('a')).toEqual(identity('a'))
    expect(identity('a')).not.toEqual(identity('b'))
  })

  test('may lie anywhere in a larger buffer', () => {
    const bytes = sendBytes(draftMessage())
    const larger = Buffer.concat([Buffer.alloc(7), bytes, Buffer.alloc(9)])
    const inside = cut(larger.subarray(7, 7 + bytes.byteLength))
    expect(Buffer.concat(inside.chunks)).toEqual(Buffer.concat(cut(bytes).chunks))
  })
})

describe('a request is refused', () => {
  const other = draftMessage({ topic: { resourceNamespace: '', name: 'other' } })
  const foreign = draftMessage({ topic: { resourceNamespace: 'shop', name: 'orders' } })
  const many = Array.from({ length: 1025 }, () => draftMessage())
  const large = Array.from({ length: 5 }, () => draftMessage({ body: Buffer.alloc(4_194_304) }))
  const system = systems.encode(systemOf() ?? {})
  const twice = new WireWriter()
    .bytes(1, new WireWriter().text(2, 'orders').done())
    .bytes(3, system)
    .bytes(3, new WireWriter().text(3, 'another-id').done())
    .text(4, 'body')
    .done()

  test.each<readonly [what: string, code: number, bytes: Uint8Array]>([
    ['without messages', Code.MESSAGE_CORRUPTED, sendBytes()],
    ['without a topic', Code.ILLEGAL_TOPIC, sendBytes(draftMessage({ topic: null }))],
    ['with two topics', Code.MESSAGE_CORRUPTED, sendBytes(draftMessage(), other)],
    ['with two namespaces', Code.MESSAGE_CORRUPTED, sendBytes(draftMessage(), foreign)],
    ['with too many messages', Code.PAYLOAD_TOO_LARGE, sendBytes(...many)],
    ['with too many bytes', Code.PAYLOAD_TOO_LARGE, sendBytes(...large)],
    [
      'whose last message is bad',
      Code.MESSAGE_BODY_EMPTY,
      sendBytes(draftMessage(), draftMessage({ body: null })),
    ],
    ['that is cut short', Code.MESSAGE_CORRUPTED, sendBytes(draftMessage()).subarray(0, 40)],
    ['that merges two parts', Code.MESSAGE_CORRUPTED, new WireWriter().bytes(1, twice).done()],
    ['whose messages are numbers', Code.MESSAGE_CORRUPTED, Uint8Array.from([0x08, 0x01])],
  ])('%s', (_, code, bytes) => {
    expect(codeOf(() => cut(bytes))).toBe(code)
  })

  test('and a batch of four bodies of 4 MiB is not', () => {
    expect(cut(sendBytes(...large.slice(0, 4))).count).toBe(4)
  })
})

const names = fc.stringMatching(/^[a-z]{1,8}$/)
const texts = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/[\p{Cc}|]/gu, ''))
const drafts = fc.record({
  userProperties: fc.dictionary(names, texts, { maxKeys: 4 }),
  tag: names,
  keys: fc.array(names, { maxLength: 3 }),
  messageId: names,
  traceContext: fc.option(texts, { nil: null }),
  bornHost: texts,
  bornTimestamp: fc.option(fc.record({ seconds: fc.nat(4_000_000_000), nanos: fc.nat(999_999_999) }), {
    nil: null,
  }),
  body: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  /** Fields that this program does not know: number, content. */
  unknown: fc.array(fc.tuple(fc.integer({ min: 30, max: 5000 }), fc.uint8Array({ maxLength: 20 })), {
    maxLength: 3,
  }),
})

test('whatever a valid message holds, the log gets its bytes and ranges that a decoder agrees with', () => {
  fc.assert(
    fc.property(fc.array(drafts, { minLength: 1, maxLength: 4 }), (given) => {
      const raws = given.map(({ unknown, userProperties, body, ...rest }) => {
        const raw = new WireWriter()
        raw.raw(messages.encode(draftMessage({ userProperties, body, systemProperties: systemOf(rest) })))
        for (const [field, bytes] of unknown) raw.bytes(field, bytes)
        return raw.done()
      })
      const request = new WireWriter()
      for (const raw of raws) request.bytes(1, raw)
      const cutRequest = cut(request.done())
      for (const [i, stored] of storedOf(cutRequest).entries()) {
        const header = readStoredHeader(stored)
        const raw = stored.subarray(STORED_HEADER_BYTES)
        expect(Buffer.from(raws[i] ?? []).equals(raw)).toBe(true)
        const decoded = messages.decode(raw)
        if (header === undefined) throw new Error('the header is not readable')
        const body = raw.subarray(header.bodyStart, header.bodyStart + header.bodyLength)
        expect(Buffer.from(body).equals(decoded.body)).toBe(true)
        const system = raw.subarray(header.systemStart, header.systemStart + header.systemLength)
        expect(systems.decode(system)).toEqual(decoded.systemProperties)
        expect(header.bodyCrc).toBe(crc32(decoded.body))
        expect(header.tagHash).toBe(crc32(utf8(decoded.systemProperties?.tag ?? '')))
      }
    }),
  )
})

test('bytes that were damaged are refused, or what a consumer gets still decodes', () => {
  const good = sendBytes(draftMessage(), draftMessage())
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }), (damage) => {
      const bytes = Uint8Array.from(good)
      for (const [at, value] of damage) bytes[at] = value
      try {
        for (const stored of storedOf(cut(bytes))) responses.decode(deliverMessage({ ...DELIVERY, stored }))
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal)
      }
    }),
    { numRuns: 5000 },
  )
})

test('random bytes are refused and nothing else happens', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(codeOf(() => cut(bytes))).toBeGreaterThan(40000)
    }),
  )
})
