import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../../src/base/assert.ts'
import { decodeCommand } from '../../../src/broker/machine/command-decode.ts'
import {
  COMMAND_HEADER_BYTES,
  COMMAND_KINDS,
  encodeCommand,
  encodeSend,
  isKnownKind,
} from '../../../src/broker/machine/command-encode.ts'
import { storedMessage } from './support/messages.ts'
import { SAMPLES } from './support/samples.ts'

describe('each command', () => {
  for (const command of SAMPLES) {
    test(`${command.type} comes back from its bytes`, () => {
      const { size, chunks } = encodeCommand(command)
      const bytes = Buffer.concat(chunks)
      expect(bytes.byteLength).toBe(size)
      expect(bytes.readUInt8(0)).toBe(COMMAND_KINDS[command.type])
      expect(bytes.readUInt32BE(4)).toBe(size - COMMAND_HEADER_BYTES)
      expect(
        decodeCommand(bytes.readUInt8(0), bytes.readUInt8(1), bytes.subarray(COMMAND_HEADER_BYTES)),
      ).toEqual(command)
    })
  }

  test('has a number of its own and a sample', () => {
    const kinds = Object.values(COMMAND_KINDS)
    expect(new Set(kinds).size).toBe(kinds.length)
    expect(kinds.every(isKnownKind)).toBe(true)
    expect(new Set(SAMPLES.map(({ type }) => type)).size).toBe(kinds.length)
  })
})

test('a send of several chunks has the bytes of a send of one', () => {
  const parts = [storedMessage(1), storedMessage(2)]
  const messages = Buffer.concat(parts)
  const whole = encodeCommand({ type: 'send', topicId: 3, count: 2, messages })
  const chunked = encodeSend(3, 2, parts, messages.byteLength)
  expect(Buffer.concat(chunked.chunks)).toEqual(Buffer.concat(whole.chunks))
  expect(chunked.chunks.slice(1)).toEqual(parts)
})

test('a request key of another length is our own mistake', () => {
  expect(() => encodeCommand({ type: 'ack', request: new Uint8Array(15), receipts: [] })).toThrow(
    InvariantError,
  )
})
