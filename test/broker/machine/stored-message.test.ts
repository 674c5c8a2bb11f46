import { expect, test } from 'vitest'
import { readStoredHeader, STORED_HEADER_BYTES } from '../../../src/broker/machine/stored-message.ts'
import { storedMessage } from './support/messages.ts'

test('a header comes back from its bytes, wherever they stand', () => {
  const message = storedMessage(3, 'body')
  const expected = { identityB: 3, rawLength: 4, bodyStart: 0, bodyLength: 4, storedAtMs: 1, messageType: 1 }
  expect(readStoredHeader(message)).toMatchObject(expected)
  expect(readStoredHeader(Buffer.concat([new Uint8Array(7), message]), 7)).toMatchObject(expected)
})

test('bytes that are no stored message give nothing', () => {
  const changed = (at: number, value: number) => {
    const message = Buffer.from(storedMessage(3, 'body'))
    message.writeUInt32BE(value, at)
    return message
  }
  expect(readStoredHeader(new Uint8Array(STORED_HEADER_BYTES - 1))).toBeUndefined()
  expect(readStoredHeader(changed(0, 0x02010000))).toBeUndefined()
  expect(readStoredHeader(changed(20, 5))).toBeUndefined()
  expect(readStoredHeader(changed(24, 5))).toBeUndefined()
  expect(readStoredHeader(changed(32, 1))).toBeUndefined()
  expect(readStoredHeader(changed(40, 0x20_0000))).toBeUndefined()
})
