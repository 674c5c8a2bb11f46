import { describe, expect, test } from 'vitest'
import { checkMessage, messageTypeOf } from '../../src/proxy/check-message.ts'
import { Refusal } from '../../src/proxy/refusal.ts'
import { MessageScan } from '../../src/proxy/scan-message.ts'
import type { Message } from '../../src/rpc/apache-definition.ts'
import { Code, MessageType } from '../../src/rpc/apache-enums.ts'
import { draftMessage, systemOf, v2 } from './support/facade-world.ts'

const NOW_MS = 1_790_000_000_000
const messages = v2<Message>('Message')
type Changes = Parameters<typeof draftMessage>[0]

function scanOf(changes: Changes): MessageScan {
  const bytes = messages.encode(draftMessage(changes))
  const scan = new MessageScan(bytes)
  scan.scan(0, bytes.byteLength)
  return scan
}

/** The name of the code that the message is refused with, or OK. */
function verdict(changes: Changes): string | undefined {
  try {
    checkMessage(scanOf(changes), NOW_MS, DAY_MS)
    return 'OK'
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return Object.entries(Code).find(([, code]) => code === error.code)?.[0]
  }
}

function properties(count: number, valueLength = 1): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, 'v'.repeat(valueLength)]))
}

const system = (changes: Parameters<typeof systemOf>[0]): Changes => ({ systemProperties: systemOf(changes) })
const property = (key: string, value: string): Changes => ({ userProperties: { [key]: value } })
const seconds = (ms: number): { seconds: number; nanos: number } => ({
  seconds: Math.floor(ms / 1000),
  nanos: (ms % 1000) * 1_000_000,
})
const DAY_MS = 24 * 3600_000
const TRANSACTION = MessageType.TRANSACTION

describe('the rules of a message', () => {
  test.each<readonly [what: string, code: string, changes: Changes]>([
    ['an ordinary message', 'OK', {}],
    ['no body', 'MESSAGE_BODY_EMPTY', { body: Buffer.alloc(0) }],
    ['a body of 4 MiB', 'OK', { body: Buffer.alloc(4_194_304) }],
    ['a body of 4 MiB and a byte', 'MESSAGE_BODY_TOO_LARGE', { body: Buffer.alloc(4_194_305) }],
    ['128 user properties', 'OK', { userProperties: properties(128) }],
    ['129 user properties', 'MESSAGE_PROPERTIES_TOO_LARGE', { userProperties: properties(129) }],
    ['a reserved property', 'ILLEGAL_MESSAGE_PROPERTY_KEY', property('UNIQ_KEY', 'x')],
    ['a control character in a key', 'ILLEGAL_MESSAGE_PROPERTY_KEY', property('a\u0007', 'x')],
    ['a control character in a value', 'ILLEGAL_MESSAGE_PROPERTY_KEY', property('a', 'x\u009f')],
    ['no tag', 'OK', system({ tag: '' })],
    ['a blank tag', 'ILLEGAL_MESSAGE_TAG', system({ tag: ' \u2003' })],
    ['a tag with a pipe', 'ILLEGAL_MESSAGE_TAG', system({ tag: 'a|b' })],
    ['a tag with a control character', 'ILLEGAL_MESSAGE_TAG', system({ tag: 'a\u0001' })],
    ['an empty key', 'OK', system({ keys: ['', 'a'] })],
    ['a blank key', 'ILLEGAL_MESSAGE_KEY', system({ keys: ['a', '  '] })],
    ['a key with a control character', 'ILLEGAL_MESSAGE_KEY', system({ keys: ['a\n'] })],
    [
      'properties, tag and keys of 16 KiB',
      'OK',
      { userProperties: { k: 'v'.repeat(16_381) }, systemProperties: systemOf({ tag: 't', keys: ['y'] }) },
    ],
    [
      'properties, tag and keys of 16 KiB and a byte',
      'MESSAGE_PROPERTIES_TOO_LARGE',
      { userProperties: { k: 'v'.repeat(16_382) }, systemProperties: systemOf({ tag: 't', keys: ['y'] }) },
    ],
    ['a huge trace context', 'MESSAGE_PROPERTIES_TOO_LARGE', system({ traceContext: 't'.repeat(17_000) })],
    ['no message id', 'ILLEGAL_MESSAGE_ID', system({ messageId: '' })],
    ['a blank message id', 'ILLEGAL_MESSAGE_ID', system({ messageId: ' ' })],
    ['no system properties', 'ILLEGAL_MESSAGE_ID', { systemProperties: null }],
    ['a message id of 256 bytes', 'OK', system({ messageId: 'i'.repeat(256) })],
    ['a message id of 257 bytes', 'ILLEGAL_MESSAGE_ID', system({ messageId: 'i'.repeat(257) })],
    [
      'a transaction to be checked after more than an hour',
      'BAD_REQUEST',
      system({ messageType: TRANSACTION, orphanedTransactionRecoveryDuration: { seconds: 3601, nanos: 0 } }),
    ],
    [
      'a delay of more than a day',
      'ILLEGAL_DELIVERY_TIME',
      system({ deliveryTimestamp: seconds(NOW_MS + DAY_MS + 1) }),
    ],
    ['a blank message group', 'ILLEGAL_MESSAGE_GROUP', system({ messageGroup: ' ' })],
    ['a message group of 64 bytes', 'ILLEGAL_MESSAGE_GROUP', system({ messageGroup: 'g'.repeat(64) })],
    [
      'a message group with a control character',
      'ILLEGAL_MESSAGE_GROUP',
      system({ messageGroup: 'a\u0000' }),
    ],
    ['a lite topic of 65 letters', 'ILLEGAL_LITE_TOPIC', system({ liteTopic: 'l'.repeat(65) })],
    ['a lite topic with a dot', 'ILLEGAL_LITE_TOPIC', system({ liteTopic: 'a.b' })],
  ])('%s: %s', (_, code, changes) => {
    expect(verdict(changes)).toBe(code)
  })

  test('are asked in the order of RocketMQ', () => {
    const everything: Changes = {
      body: Buffer.alloc(0),
      userProperties: { UNIQ_KEY: '\u0001', ...properties(129) },
      systemProperties: systemOf({
        tag: 'a|b',
        keys: [' '],
        messageId: '',
        messageGroup: ' ',
        deliveryTimestamp: seconds(NOW_MS + 2 * DAY_MS),
      }),
    }
    expect(verdict(everything)).toBe('MESSAGE_BODY_EMPTY')
    const bodied = { ...everything, body: Buffer.from('x') }
    expect(verdict(bodied)).toBe('MESSAGE_PROPERTIES_TOO_LARGE')
    expect(verdict({ ...bodied, userProperties: { UNIQ_KEY: 'x' } })).toBe('ILLEGAL_MESSAGE_PROPERTY_KEY')
    const plain = { ...bodied, userProperties: {} }
    expect(verdict(plain)).toBe('ILLEGAL_MESSAGE_TAG')
    const tagged = systemOf({ ...plain.systemProperties, tag: 'a' })
    expect(verdict({ ...plain, systemProperties: tagged })).toBe('ILLEGAL_MESSAGE_KEY')
    const keyed = systemOf({ ...tagged, keys: ['a'] })
    expect(verdict({ ...plain, systemProperties: keyed })).toBe('ILLEGAL_MESSAGE_ID')
    const named = systemOf({ ...keyed, messageId: 'i' })
    expect(verdict({ ...plain, systemProperties: named })).toBe('ILLEGAL_DELIVERY_TIME')
    expect(() =>
      checkMessage(scanOf({ ...plain, systemProperties: named }), NOW_MS, 40 * DAY_MS),
    ).not.toThrow('delayed')
    const soon = systemOf({ ...named, deliveryTimestamp: seconds(NOW_MS) })
    expect(verdict({ ...plain, systemProperties: soon })).toBe('ILLEGAL_MESSAGE_GROUP')
  })
})

const ONLY_SAID = new Set(['DELAY said and no time', 'FIFO said and no group', 'a type that nobody knows'])

describe('a message is of the type that its fields make it, and refused when it only says so:', () => {
  test.each<readonly [what: string, type: number, changes: Changes]>([
    ['nothing said', MessageType.NORMAL, system({ messageType: 0 })],
    ['NORMAL said', MessageType.NORMAL, system({ messageType: 1 })],
    ['an empty group', MessageType.NORMAL, system({ messageGroup: '' })],
    ['a negative priority', MessageType.NORMAL, system({ priority: -1 })],
    ['TRANSACTION said', TRANSACTION, system({ messageType: TRANSACTION, messageGroup: 'g' })],
    [
      'a delivery time and a group',
      MessageType.DELAY,
      system({ deliveryTimestamp: { seconds: 0, nanos: 0 }, messageGroup: 'g' }),
    ],
    ['a group and a priority', MessageType.FIFO, system({ messageGroup: 'g', priority: 1 })],
    ['a priority of 0 and a lite topic', MessageType.PRIORITY, system({ priority: 0, liteTopic: 'l' })],
    ['a lite topic', MessageType.LITE, system({ liteTopic: 'l' })],
    ['DELAY said and no time', MessageType.DELAY, system({ messageType: MessageType.DELAY })],
    ['FIFO said and no group', MessageType.FIFO, system({ messageType: MessageType.FIFO })],
    ['a type that nobody knows', 42, system({ messageType: 42 })],
  ])('%s', (what, type, changes) => {
    expect(messageTypeOf(scanOf(changes))).toBe(type)
    expect(verdict(changes)).toBe(ONLY_SAID.has(what) ? 'MESSAGE_PROPERTY_CONFLICT_WITH_TYPE' : 'OK')
  })
})
