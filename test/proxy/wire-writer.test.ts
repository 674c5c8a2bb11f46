import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Timestamp } from '../../src/rpc/apache-definition.ts'
import { WireReader } from '../../src/base/wire.ts'
import { varintBytes, WireWriter, writeMillis } from '../../src/proxy/wire-writer.ts'
import { codecOf } from '../../src/rpc/protos.ts'

test('numbers below 2^53 are read back', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 1000 }), (value, field) => {
      const bytes = new WireWriter(1).number(field, value).done()
      const reader = new WireReader(bytes)
      expect(reader.next()).toBe(true)
      expect([reader.field, reader.signed(), reader.valueEnd]).toEqual([field, value, bytes.length])
      expect(reader.valueEnd - reader.valueStart).toBe(varintBytes(value))
    }),
  )
})

test('texts of every length are read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const bytes = new WireWriter(1).text(7, text).done()
      const reader = new WireReader(bytes)
      reader.next()
      expect(reader.valueEnd).toBe(bytes.length)
      expect(Buffer.from(bytes.subarray(reader.valueStart)).toString()).toBe(Buffer.from(text).toString())
    }),
  )
})

test('copies of short and long pieces are the bytes themselves', () => {
  const source = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff)
  const written = new WireWriter(4).copy(source, 3, 10).copy(source, 100, 300).done()
  expect([...written]).toEqual([...source.subarray(3, 10), ...source.subarray(100, 300)])
})

test('clearing keeps the memory and forgets the bytes', () => {
  const writer = new WireWriter().text(1, 'a')
  expect(writer.clear().number(1, 1).done()).toEqual(Uint8Array.from([8, 1]))
  expect(writer.length).toBe(2)
})

test('milliseconds become seconds and nanoseconds', () => {
  const timestamps = codecOf<{ at: Timestamp | null }>('apache.rocketmq.v2.ReceiveMessageResponse')
  for (const ms of [0, 1, 999, 1000, 1_790_000_000_123]) {
    const item = new WireWriter().bytes(3, writeMillis(new WireWriter(), ms).view()).done()
    expect(timestamps.decode(item)).toMatchObject({
      deliveryTimestamp: { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 },
    })
  }
})
