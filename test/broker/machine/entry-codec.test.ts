import { describe, expect, test } from 'vitest'
import type { Millis } from '../../../src/base/brand.ts'
import { UnknownVersionError } from '../../../src/base/state-machine.ts'
import { encodeCommand } from '../../../src/broker/machine/command-encode.ts'
import {
  commandEnd,
  ENTRY_HEADER_BYTES,
  encodeEntry,
  readEntryHeader,
  STAMP_MS_MAX,
  stampOf,
} from '../../../src/broker/machine/entry-codec.ts'
import { entryOf } from './support/harness.ts'
import { sendMany } from './support/messages.ts'

describe('an entry', () => {
  test('tells its stamp and commands', () => {
    const data = entryOf(123_456_789_012, [{ type: 'advance' }, { type: 'deleteTopic', name: 'a' }])
    expect(readEntryHeader(data)).toEqual({ stampMs: 123_456_789_012, commandCount: 2 })
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    const first = commandEnd(view, ENTRY_HEADER_BYTES)
    expect(first).toBe(24)
    expect(commandEnd(view, first ?? 0)).toBe(data.byteLength)
    expect(commandEnd(view, data.byteLength)).toBeUndefined()
  })

  test('holds the message bytes of a send as they are, not copied', () => {
    const send = sendMany(1, 0, 3)
    const { size, chunks } = encodeEntry(5 as Millis, [encodeCommand(send)])
    expect(chunks).toContain(send.messages)
    expect(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)).toBe(size)
  })
})

describe('the stamp of an entry', () => {
  test('is told whatever its commands are, also those of another machine', () => {
    const data = entryOf(123_456_789_012, [{ type: 'advance' }])
    data[16] = 64
    expect(stampOf(data)).toBe(123_456_789_012)
  })

  test('is not told of what is no entry', () => {
    const data = entryOf(5, [{ type: 'advance' }])
    expect(stampOf(new Uint8Array(0))).toBeUndefined()
    expect(stampOf(data.slice(0, 15))).toBeUndefined()
    expect(stampOf(data.slice().fill(0xff, 8, 12))).toBeUndefined()
    expect(stampOf(data.slice().fill(2, 0, 1))).toBeUndefined()
  })
})

describe('bytes that are no entry', () => {
  test('of another version stop the node', () => {
    for (const at of [0, 1, 2, 3, 17, 18, 19]) {
      const data = entryOf(5, [{ type: 'advance' }])
      data[at] = 9
      expect(() => readEntryHeader(data)).toThrow(UnknownVersionError)
    }
    for (const kind of [0, 19, 255]) {
      const data = entryOf(5, [{ type: 'advance' }])
      data[16] = kind
      expect(() => readEntryHeader(data)).toThrow(UnknownVersionError)
    }
  })

  test('too short or with a stamp out of range are refused', () => {
    expect(readEntryHeader(Uint8Array.of(1, 0, 0, 0, 0))).toBeUndefined()
    expect(readEntryHeader(entryOf(STAMP_MS_MAX, []))).toBeDefined()
    for (const high of [0x1_0001, 0xffff_ffff]) {
      const data = entryOf(5, [])
      new DataView(data.buffer, data.byteOffset).setUint32(8, high)
      expect(readEntryHeader(data)).toBeUndefined()
    }
  })

  test('with more commands than there are keep the ones that are there', () => {
    const data = entryOf(5, [{ type: 'advance' }])
    new DataView(data.buffer, data.byteOffset).setUint32(4, 0xffff_ffff)
    expect(readEntryHeader(data)?.commandCount).toBe(0xffff_ffff)
  })
})
