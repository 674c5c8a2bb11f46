import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameKind, FrameParser, frameOf } from '../../../src/dledger/peers/frame-codec.ts'
import { SendBuffer } from '../../../src/dledger/peers/send-buffer.ts'

/** Chunks of sizes around the borders: empty, small, at the copy limit, near a slab. */
const chunk = fc
  .tuple(fc.oneof(fc.constantFrom(0, 1, 24, 4095, 4096, 65_512, 65_536, 70_000), fc.nat(300)), fc.nat(255))
  .map(([size, fill]) => new Uint8Array(size).fill(fill))
const frames = fc.array(fc.array(chunk, { maxLength: 4 }), { maxLength: 200 })

describe('the send buffer', () => {
  test('what is taken out parses to the frames that were added, whatever their sizes', () => {
    fc.assert(
      fc.property(frames, fc.nat(5), (added, takeEvery) => {
        const buffer = new SendBuffer()
        const taken: Uint8Array[] = []
        for (const [at, chunks] of added.entries()) {
          buffer.add(FrameKind.raft, 7, chunks, 1)
          if (takeEvery > 0 && at % takeEvery === 0) taken.push(...buffer.take())
        }
        taken.push(...buffer.take())
        const bodies: Buffer[] = []
        const parser = new FrameParser({ frame: (_kind, body) => void bodies.push(Buffer.from(body)) }, 1e6)
        for (const piece of taken) parser.push(piece)
        expect(bodies.length).toBe(added.length)
        for (const [at, chunks] of added.entries()) {
          expect(Buffer.concat(chunks).equals(bodies[at] ?? Buffer.alloc(0))).toBe(true)
        }
      }),
      { numRuns: 60 },
    )
  })

  test('a slab that ends anywhere in a frame loses nothing', () => {
    for (const size of [1, 30, 45, 100, 999, 4095]) {
      const buffer = new SendBuffer()
      const count = Math.ceil(200_000 / (size + 24))
      for (let i = 0; i < count; i++) buffer.add(FrameKind.raft, 7, [new Uint8Array(size).fill(i)], 1)
      const seen: number[] = []
      const parser = new FrameParser({ frame: (_kind, body) => void seen.push(body[size - 1] ?? -1) }, 1e6)
      for (const piece of buffer.take()) parser.push(piece)
      expect(seen).toEqual(Array.from({ length: count }, (_, i) => i & 0xff))
    }
  })

  test('it counts its bytes and is empty after they were taken', () => {
    const buffer = new SendBuffer()
    buffer.add(FrameKind.call, 7, [new Uint8Array(10), new Uint8Array(5000)], 2)
    expect(buffer.bytes).toBe(24 + 5010)
    expect(buffer.take().reduce((sum, piece) => sum + piece.byteLength, 0)).toBe(24 + 5010)
    expect(buffer.bytes).toBe(0)
    expect(buffer.take()).toEqual([])
  })

  test('large chunks are passed on without a copy, small ones are put together', () => {
    const buffer = new SendBuffer()
    const large = new Uint8Array(4096)
    for (let i = 0; i < 10; i++) buffer.add(FrameKind.raft, 7, [new Uint8Array(45)], 1)
    buffer.add(FrameKind.raft, 7, [new Uint8Array(45), large], 1)
    const pieces = buffer.take()
    expect(pieces).toHaveLength(2)
    expect(pieces[1]).toBe(large)
  })

  test('what was taken is never written again', () => {
    const buffer = new SendBuffer()
    buffer.add(FrameKind.raft, 7, [new Uint8Array(100).fill(1)], 1)
    const taken = buffer.take()
    const before = taken.map((piece) => piece.slice())
    for (let i = 0; i < 2000; i++) buffer.add(FrameKind.raft, 7, [new Uint8Array(100).fill(2)], 1)
    buffer.take()
    expect(taken.map((piece) => piece.slice())).toEqual(before)
  })

  test('a frame with everything covered equals one made in one piece', () => {
    const buffer = new SendBuffer()
    buffer.add(FrameKind.call, 9, [new Uint8Array([1, 2]), new Uint8Array([3])], 2)
    expect(Buffer.concat(buffer.take())).toEqual(
      Buffer.from(frameOf(FrameKind.call, 9, new Uint8Array([1, 2, 3]))),
    )
  })
})
