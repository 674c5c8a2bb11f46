import { describe, expect, test } from 'vitest'
import { BytesError } from '../../../src/base/bytes.ts'
import { UnknownVersionError } from '../../../src/base/state-machine.ts'
import { decodeCommand } from '../../../src/broker/machine/command-decode.ts'
import {
  COMMAND_HEADER_BYTES,
  COMMAND_KINDS,
  encodeCommand,
} from '../../../src/broker/machine/command-encode.ts'
import { plainPolicy } from '../../../src/broker/machine/group-policy.ts'
import { SAMPLES } from './support/samples.ts'

describe('each command', () => {
  for (const command of SAMPLES) {
    test(`${command.type} cut short or with bytes too many is refused`, () => {
      const bytes = Buffer.concat(encodeCommand(command).chunks)
      const [kind = 0, version = 0] = bytes
      const body = bytes.subarray(COMMAND_HEADER_BYTES)
      for (let end = 0; end < body.byteLength; end++) {
        if (command.type === 'send' && end >= 8) break
        expect(() => decodeCommand(kind, version, body.subarray(0, end))).toThrow(BytesError)
      }
      if (command.type === 'send') return
      expect(() => decodeCommand(kind, version, Buffer.concat([body, Uint8Array.of(0)]))).toThrow(BytesError)
    })
  }
})

test('a list that claims more than its bytes is refused before anything is made', () => {
  const body = new Uint8Array(24)
  new DataView(body.buffer).setUint32(16, 0xffff_ffff)
  expect(() => decodeCommand(COMMAND_KINDS.ack, 1, body)).toThrow(BytesError)
})

test('a flag that is neither 0 nor 1 and a start that is not known are refused', () => {
  expect(() => decodeCommand(COMMAND_KINDS.releaseClient, 1, new Uint8Array(13).fill(2))).toThrow(BytesError)
  const group = Buffer.concat(
    encodeCommand({ type: 'createGroup', name: 'g', start: { from: 'latest' }, ...plainPolicy(1) }).chunks,
  )
  group[COMMAND_HEADER_BYTES + 3] = 4
  expect(() => decodeCommand(COMMAND_KINDS.createGroup, 1, group.subarray(COMMAND_HEADER_BYTES))).toThrow(
    BytesError,
  )
})

test('a kind that is not known stops the node', () => {
  expect(() => decodeCommand(77, 1, new Uint8Array())).toThrow(UnknownVersionError)
})
