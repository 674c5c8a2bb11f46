import { describe, expect, test } from 'vitest'
import type { Message, SystemProperties } from '../../src/rpc/apache-definition.ts'
import type { TelemetryCommand } from '../../src/rpc/apache-service.ts'
import type { MemberLiveness } from '../../src/rpc/namesrv-types.ts'
import { callsOf, codecOf } from '../../src/rpc/protos.ts'

describe('a decoded message', () => {
  test('has defaults for what is absent, and no optional fields', () => {
    const codec = codecOf<Message>('apache.rocketmq.v2.Message')
    const absent = { userProperties: {}, topic: null, systemProperties: null, body: Buffer.alloc(0) }
    expect(codec.decode(Buffer.alloc(0))).toEqual(absent)
    const { systemProperties } = codec.decode(codec.encode({ systemProperties: {} }))
    expect(systemProperties).toMatchObject({ keys: [], messageId: '', queueId: 0, bodyDigest: null })
    expect(systemProperties).not.toHaveProperty('tag')
    expect(systemProperties).not.toHaveProperty('queueOffset')
  })

  test('keeps optional fields that hold their default', () => {
    const codec = codecOf<SystemProperties>('apache.rocketmq.v2.SystemProperties')
    expect(codec.decode(codec.encode({ tag: '', queueOffset: 0 }))).toMatchObject({ tag: '', queueOffset: 0 })
  })

  test('names the member of a oneof', () => {
    const codec = codecOf<TelemetryCommand>('apache.rocketmq.v2.TelemetryCommand')
    const command = codec.decode(codec.encode({ settings: { clientType: 2, subscription: { fifo: true } } }))
    expect(command.command).toBe('settings')
    expect(command.settings?.pubSub).toBe('subscription')
    expect(command.settings?.subscription?.fifo).toBe(true)
  })

  test('has whole numbers, and unsafe ones beyond 2^53 - 1', () => {
    const codec = codecOf<MemberLiveness>('dledger.v1.MemberLiveness')
    const silent = (bytes: number[]): number | undefined => codec.decode(Buffer.from([16, ...bytes])).silentMs
    expect(codec.decode(codec.encode({ silentMs: Number.MAX_SAFE_INTEGER })).silentMs).toBe(2 ** 53 - 1)
    expect(Number.isSafeInteger(silent([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]))).toBe(false)
    expect(Number.isSafeInteger(silent([255, 255, 255, 255, 255, 255, 255, 255, 255, 1]))).toBe(false)
  })

  test('has a body that is a view and properties without a prototype to pollute', () => {
    const codec = codecOf<Message>('apache.rocketmq.v2.Message')
    const bytes = codec.encode({
      body: Buffer.from('body'),
      userProperties: { ['__proto__']: 'x', plain: 'y' },
    })
    const message = codec.decode(bytes)
    expect(message.body.buffer).toBe(bytes.buffer)
    expect(Object.entries(message.userProperties)).toContainEqual(['plain', 'y'])
    expect(({} as { x?: string }).x).toBeUndefined()
  })
})

test.each([
  [[0x0a, 0xff]],
  [[0x07]],
  [[0x0a, 5, 1]],
  [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
])('bytes %j are refused', (bytes) => {
  const codec = codecOf<Message>('apache.rocketmq.v2.Message')
  expect(() => codec.decode(Buffer.from(bytes))).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
})

test('names that no file defines are a mistake of ours', () => {
  for (const name of ['apache.rocketmq.v2.None', 'other.Message', 'apache.rocketmq.v2.MessagingService']) {
    expect(() => codecOf(name)).toThrow(expect.objectContaining({ name: 'InvariantError' }))
  }
  expect(() => callsOf('dledger.v1.MemberLiveness')).toThrow(
    expect.objectContaining({ name: 'InvariantError' }),
  )
})

test('a service tells paths, directions and codecs', () => {
  const calls = callsOf('apache.rocketmq.v2.MessagingService')
  expect(calls['Telemetry']).toMatchObject({ requestStream: true, responseStream: true })
  expect(calls['ReceiveMessage']).toMatchObject({ requestStream: false, responseStream: true })
  expect(calls['QueryRoute']?.request.decode(Buffer.alloc(0))).toEqual({ topic: null, endpoints: null })
})
