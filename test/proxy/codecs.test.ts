import { expect, test } from 'vitest'
import { ackRequests, readable, telemetryCommands } from '../../src/proxy/codecs.ts'

test('messages are written and read back', () => {
  const bytes = ackRequests.encode({ entries: [{ messageId: 'm', receiptHandle: 'h' }] })
  expect(ackRequests.decode(bytes).entries).toEqual([{ messageId: 'm', receiptHandle: 'h' }])
})

test('bytes that are no message are no error to who only wants to repeat parts of it', () => {
  expect(readable(telemetryCommands, Uint8Array.from([0x12, 0x7f]))).toBeUndefined()
  expect(readable(telemetryCommands, new Uint8Array(0))).toEqual({})
})
