import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunksOf, framed, MessageReader, onlyMessage } from '../../src/rpc/framing.ts'
import { GrpcCode } from '../../src/rpc/service.ts'

const LIMIT = 200_000

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const parts: Buffer[] = []
  let at = 0
  for (const size of sizes) {
    parts.push(bytes.subarray(at, at + size))
    at += size
  }
  return [...parts, bytes.subarray(at)]
}

test('messages come out as they went in, however their bytes are cut', () => {
  const sizes = fc.array(fc.oneof(fc.nat(20), fc.nat(70_000)), { maxLength: 12 })
  fc.assert(
    fc.property(sizes, fc.array(fc.nat(40_000)), (messageSizes, cuts) => {
      const messages = messageSizes.map((size, at) => Buffer.alloc(size, at))
      const written = [...chunksOf(messages)]
      const bytes = Buffer.concat(written.map((chunk) => chunk.bytes))
      expect(bytes.equals(Buffer.concat(messages.map(framed)))).toBe(true)
      expect(written.reduce((sum, chunk) => sum + chunk.messages, 0)).toBe(messages.length)
      const reader = new MessageReader(LIMIT)
      const read = cut(bytes, cuts).flatMap((chunk) => reader.push(chunk))
      expect(read.length).toBe(messages.length)
      expect(Buffer.concat(read).equals(Buffer.concat(messages))).toBe(true)
      expect(reader.atBorder).toBe(true)
      expect(reader.held).toBe(0)
    }),
    { numRuns: 200 },
  )
})

test('a reader holds the bytes of an incomplete message only', () => {
  const reader = new MessageReader(LIMIT)
  const frame = framed(Buffer.from('message'))
  expect(reader.push(Buffer.concat([frame, frame.subarray(0, 3)]))).toEqual([Buffer.from('message')])
  expect([reader.held, reader.atBorder]).toEqual([3, false])
  expect(reader.push(frame.subarray(3, 5))).toEqual([])
  expect([reader.held, reader.atBorder]).toEqual([0, false])
  expect(reader.push(frame.subarray(5))).toEqual([Buffer.from('message')])
})

test('a message that comes byte by byte is kept in a few buffers', () => {
  const reader = new MessageReader(LIMIT)
  const message = Buffer.alloc(100_000, 7)
  const read = [...framed(message)].flatMap((byte) => reader.push(Buffer.of(byte)))
  expect(read.length).toBe(1)
  expect(read[0]?.equals(message)).toBe(true)
})

test('a message beyond the limit or a compressed one is refused by its prefix', () => {
  const refusal = (bytes: number[]): unknown => {
    try {
      return new MessageReader(LIMIT).push(Buffer.from(bytes))
    } catch (error) {
      return error
    }
  }
  expect(refusal([0, 0, 3, 13, 65])).toMatchObject({ code: GrpcCode.RESOURCE_EXHAUSTED })
  expect(refusal([0, 0, 3, 13, 64])).toEqual([])
  expect(refusal([1, 0, 0, 0, 0])).toMatchObject({ code: GrpcCode.UNIMPLEMENTED })
})

test('the short way takes exactly one whole message', () => {
  const frame = framed(Buffer.from('abc'))
  expect(onlyMessage(frame)).toEqual(Buffer.from('abc'))
  expect(onlyMessage(framed(Buffer.alloc(0)))).toEqual(Buffer.alloc(0))
  for (const other of [
    frame.subarray(1),
    Buffer.concat([frame, frame]),
    Buffer.concat([Buffer.of(1), frame.subarray(1)]),
  ]) {
    expect(onlyMessage(other)).toBeUndefined()
  }
})

test('small items are written together and large ones as they are', () => {
  const large = Buffer.alloc(100_000)
  const chunks = [...chunksOf([Buffer.alloc(10), Buffer.alloc(20), large, Buffer.alloc(30)])]
  expect(chunks.map((chunk) => [chunk.bytes.byteLength, chunk.messages])).toEqual([
    [40, 2],
    [5, 0],
    [100_000, 1],
    [35, 1],
  ])
  expect(chunks[2]?.bytes).toBe(large)
})
