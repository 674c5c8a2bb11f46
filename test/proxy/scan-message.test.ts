import { describe, expect, test } from 'vitest'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import { MessageScan } from '../../src/proxy/scan-message.ts'
import { WireError } from '../../src/base/wire.ts'
import { WireWriter, writeMillis } from '../../src/proxy/wire-writer.ts'
import type { Message } from '../../src/rpc/apache-definition.ts'
import { draftMessage, systemOf, v2 } from './support/facade-world.ts'

const messages = v2<Message>('Message')

function scanOf(bytes: Uint8Array): MessageScan {
  const scan = new MessageScan(bytes)
  scan.scan(0, bytes.byteLength)
  return scan
}

function nested(write: (into: WireWriter) => WireWriter): Uint8Array {
  return write(new WireWriter()).done()
}

describe('a scan', () => {
  test('finds the parts of a message', () => {
    const bytes = messages.encode(
      draftMessage({
        topic: { resourceNamespace: 'shop', name: 'orders' },
        userProperties: { a: '12', bc: '345' },
        systemProperties: systemOf({
          keys: ['k1', 'key2'],
          messageGroup: 'group',
          liteTopic: 'lite',
          priority: 3,
          deliveryTimestamp: { seconds: 12, nanos: 500_000_000 },
          orphanedTransactionRecoveryDuration: { seconds: 30, nanos: 0 },
        }),
      }),
    )
    const scan = scanOf(bytes)
    const text = ({ start, end }: { start: number; end: number }): string =>
      utf8Text(bytes.subarray(start, end))
    expect({
      namespace: text(scan.namespace),
      topic: text(scan.topic),
      body: text(scan.body),
      tag: text(scan.tag),
      messageId: text(scan.messageId),
      messageGroup: text(scan.messageGroup),
      liteTopic: text(scan.liteTopic),
    }).toEqual({
      namespace: 'shop',
      topic: 'orders',
      body: 'hello',
      tag: 'created',
      messageId: '01A0B1C2D3E4F52F1A0C5B3D4E00000001',
      messageGroup: 'group',
      liteTopic: 'lite',
    })
    expect(scan).toMatchObject({
      propertyCount: 2,
      propertyBytes: 8,
      keyCount: 2,
      keyBytes: 6,
      messageType: 1,
      priority: 3,
      deliveryMs: 12_500,
      recoveryMs: 30_000,
    })
  })

  test('keeps nothing of the message before', () => {
    const first = messages.encode(draftMessage({ systemProperties: systemOf({ priority: 1 }) }))
    const bytes = new Uint8Array(first.byteLength)
    bytes.set(first)
    const scan = scanOf(bytes)
    scan.scan(0, 0)
    expect(scan).toMatchObject({ priority: -1, messageType: 0, propertyCount: 0, keyBytes: 0 })
    expect([scan.tag.end, scan.topic.end, scan.body.end, scan.system.end]).toEqual([0, 0, 0, 0])
    expect(scan.deliveryMs).toBeNaN()
  })

  test('passes unknown fields over', () => {
    const bytes = nested((to) =>
      to.text(9, 'new').bytes(
        3,
        nested((system) => system.number(99, 7)),
      ),
    )
    expect(scanOf(bytes).system.end).toBe(bytes.byteLength)
  })
})

const badText = Uint8Array.from([0xff, 0xfe])

describe('what no client could decode is refused:', () => {
  test.each<readonly [what: string, bytes: Uint8Array]>([
    ['a topic that is a number', nested((to) => to.number(1, 5))],
    ['a body that is a number', nested((to) => to.number(4, 5))],
    ['two topics', nested((to) => to.bytes(1, utf8('')).bytes(1, utf8('')))],
    ['two parts of system properties', nested((to) => to.bytes(3, utf8('')).bytes(3, utf8('')))],
    ['two bodies', nested((to) => to.bytes(4, utf8('')).bytes(4, utf8('')))],
    [
      'a topic name that is not UTF-8',
      nested((to) =>
        to.bytes(
          1,
          nested((at) => at.bytes(2, badText)),
        ),
      ),
    ],
    [
      'a property that is not UTF-8',
      nested((to) =>
        to.bytes(
          2,
          nested((at) => at.bytes(2, badText)),
        ),
      ),
    ],
    [
      'a tag that is not UTF-8',
      nested((to) =>
        to.bytes(
          3,
          nested((at) => at.bytes(1, badText)),
        ),
      ),
    ],
    [
      'a born host that is not UTF-8',
      nested((to) =>
        to.bytes(
          3,
          nested((at) => at.bytes(8, badText)),
        ),
      ),
    ],
    [
      'a trace context that is not UTF-8',
      nested((to) =>
        to.bytes(
          3,
          nested((at) => at.bytes(18, badText)),
        ),
      ),
    ],
    [
      'a message type that is a text',
      nested((to) =>
        to.bytes(
          3,
          nested((at) => at.text(6, 'x')),
        ),
      ),
    ],
    [
      'a receipt handle that is a number',
      nested((to) =>
        to.bytes(
          3,
          nested((at) => at.number(12, 1)),
        ),
      ),
    ],
    [
      'a time that is a number',
      nested((to) =>
        to.bytes(
          3,
          nested((at) => at.number(7, 1)),
        ),
      ),
    ],
    [
      'a time after the year 9999',
      nested((to) =>
        to.bytes(
          3,
          nested((at) =>
            at.bytes(
              7,
              nested((time) => writeMillis(time, 253_402_300_800_000)),
            ),
          ),
        ),
      ),
    ],
    [
      'a time with too many nanoseconds',
      nested((to) =>
        to.bytes(
          3,
          nested((at) =>
            at.bytes(
              7,
              nested((time) => time.number(2, 1_000_000_000)),
            ),
          ),
        ),
      ),
    ],
    ['a sub-message that ends outside', Uint8Array.from([0x1a, 0x02, 0x0a, 0x05])],
  ])('%s', (_, bytes) => {
    expect(() => scanOf(bytes)).toThrow(WireError)
  })
})
