import { expect, test } from 'vitest'
import { readStoredHeader, STORED_HEADER_BYTES } from '../../../src/broker/machine/stored-message.ts'
import { storedMessage } from './support/messages.ts'

test('a header comes back from its bytes, wherever they stand', () => {
  const message = storedMessage(3, 'body')
  const expected = { identityB: 3, rawLength: 4, bodyStart: 0, bodyLength: 4, storedAtMs: 1, messageType: 1 }
  expect(readStoredHeader(message)).toMatchObject(expected)
  expect(readStoredHeader(Buffer.concat([new Uint8Array(7), message]), 7)).toMatchObject(expected)
})

test('a header with a value and a hash comes back, and the raw message stands behind it', () => {
  const message = storedMessage(3, 'body', { messageType: 3, value: 2 ** 53 - 1, hash: 2n ** 64n - 1n })
  const header = readStoredHeader(message)
  expect(header).toMatchObject({ messageType: 3, value: 2 ** 53 - 1, hash: 2n ** 64n - 1n, headerBytes: 64 })
  expect(Buffer.from(message.subarray(header?.headerBytes)).toString()).toBe('body')
  expect(readStoredHeader(storedMessage(3, 'body'))).toMatchObject({ value: 0, hash: 0n, headerBytes: 48 })
  expect(readStoredHeader(message.subarray(0, 67))).toBeUndefined()
  message.fill(0xff, 48, 56)
  expect(readStoredHeader(message)).toBeUndefined()
})

test('bytes that are no stored message give nothing', () => {
  const changed = (at: number, value: number) => {
    const message = Buffer.from(storedMessage(3, 'body'))
    message.writeUInt32BE(value, at)
    return message
  }
  expect(readStoredHeader(new Uint8Array(STORED_HEADER_BYTES - 1))).toBeUndefined()
  expect(readStoredHeader(changed(0, 0x03010000))).toBeUndefined()
  expect(readStoredHeader(changed(20, 5))).toBeUndefined()
  expect(readStoredHeader(changed(24, 5))).toBeUndefined()
  expect(readStoredHeader(changed(32, 1))).toBeUndefined()
  expect(readStoredHeader(changed(40, 0x20_0000))).toBeUndefined()
})
