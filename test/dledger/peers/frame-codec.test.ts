import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeId } from '../../../src/base/brand.ts'
import { crc32 } from '../../../src/base/crc32.ts'
import { PEER_FRAME_BYTES_MAX } from '../../../src/base/limits.ts'
import {
  FRAME_HEADER_BYTES,
  FrameError,
  FrameKind,
  FrameParser,
  frameOf,
  linkHash,
  writeFrameHeader,
} from '../../../src/dledger/peers/frame-codec.ts'

const LINK = linkHash('c', 'g', nodeId(1), nodeId(2))
type Seen = { kind: number; body: number[] }

/** A bound parser, what it gave, and the error that it threw. */
function parse(chunks: readonly Uint8Array[], link = LINK): { seen: Seen[]; error: unknown } {
  const seen: Seen[] = []
  const parser = new FrameParser({ frame: (kind, body) => void seen.push({ kind, body: [...body] }) }, 100)
  parser.bind(link)
  try {
    for (const chunk of chunks) parser.push(chunk)
    return { seen, error: null }
  } catch (error) {
    return { seen, error }
  }
}

function joined(frames: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(frames))
}

/** A header with any fields; its own CRC is right. */
function headerWith(fields: Partial<Parameters<typeof writeFrameHeader>[2]>): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES)
  writeFrameHeader(bytes, 0, { kind: 4, link: LINK, bodyBytes: 0, coveredBytes: 0, bodyCrc: 0, ...fields })
  return bytes
}

function resealed(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(20, crc32(bytes.subarray(0, 20)))
  return bytes
}

const bodies = [[], [1], [1, 2, 3], Array.from({ length: 60 }, (_, i) => i)].map(
  (body) => new Uint8Array(body),
)
const stream = joined(bodies.map((body) => frameOf(FrameKind.raft, LINK, body)))
const expected = bodies.map((body) => ({ kind: FrameKind.raft, body: [...body] }))

describe('the frame parser', () => {
  test('a stream cut in two at any byte parses the same', () => {
    for (let at = 0; at <= stream.byteLength; at++) {
      expect(parse([stream.subarray(0, at), stream.subarray(at)])).toEqual({ seen: expected, error: null })
    }
  })

  test('a stream that comes byte by byte parses the same', () => {
    expect(parse(Array.from(stream, (byte) => new Uint8Array([byte])))).toEqual({
      seen: expected,
      error: null,
    })
  })

  test('a stream cut in any number of pieces parses the same', () => {
    const cuts = fc.array(fc.nat(stream.byteLength), { maxLength: 20 })
    fc.assert(
      fc.property(cuts, (points) => {
        const sorted = [0, ...points.sort((a, b) => a - b), stream.byteLength]
        const chunks = sorted.slice(1).map((end, at) => stream.subarray(sorted[at], end))
        expect(parse(chunks)).toEqual({ seen: expected, error: null })
      }),
    )
  })

  test('a body that came in one chunk is a view of it, one that came in several is not', () => {
    const frame = frameOf(FrameKind.raft, LINK, new Uint8Array(10).fill(7))
    const seen: Uint8Array[] = []
    const parser = new FrameParser({ frame: (_kind, body) => void seen.push(body) }, 100)
    parser.push(frame)
    parser.push(frame.subarray(0, 30))
    parser.push(frame.subarray(30))
    expect(seen[0]?.buffer).toBe(frame.buffer)
    expect(seen[1]?.buffer).not.toBe(frame.buffer)
    expect(seen[1]).toEqual(seen[0])
  })

  test('no bit of a frame can flip unseen, nor make the parser do anything but refuse or wait', () => {
    const frame = frameOf(FrameKind.raft, LINK, new Uint8Array([1, 2, 3, 4]))
    for (let bit = 0; bit < frame.byteLength * 8; bit++) {
      const bent = frame.slice()
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const { seen, error } = parse([bent])
      expect(seen).toEqual([])
      expect(error).toBeInstanceOf(FrameError)
    }
  })

  test('random bytes are refused with a typed error or waited on, never handed over', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
        const { seen, error } = parse(chunks)
        expect(seen).toEqual([])
        expect(error === null || error instanceof FrameError).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  test('a length over the limit is refused before its body comes', () => {
    const over = resealed(headerWith({}))
    new DataView(over.buffer).setUint32(8, PEER_FRAME_BYTES_MAX + 1)
    expect(parse([resealed(over)]).error).toEqual(
      new FrameError(`a body of ${PEER_FRAME_BYTES_MAX + 1} bytes is larger than ${PEER_FRAME_BYTES_MAX}`),
    )
    new DataView(over.buffer).setUint32(8, 0xffff_ffff)
    expect(parse([resealed(over)]).error).toBeInstanceOf(FrameError)
  })

  test('before it is bound, a parser takes small bodies only', () => {
    const parser = new FrameParser({ frame: () => undefined }, 100)
    parser.push(frameOf(FrameKind.hello, 1, new Uint8Array(100)))
    expect(() => parser.push(frameOf(FrameKind.hello, 1, new Uint8Array(101)))).toThrow(FrameError)
  })

  test('a frame of another cluster, group, sender or receiver is refused', () => {
    const links = [
      linkHash('d', 'g', nodeId(1), nodeId(2)),
      linkHash('c', 'h', nodeId(1), nodeId(2)),
      linkHash('c', 'g', nodeId(3), nodeId(2)),
      linkHash('c', 'g', nodeId(1), nodeId(3)),
      linkHash('c', 'g', nodeId(2), nodeId(1)),
      linkHash('cg', '', nodeId(1), nodeId(2)),
    ]
    for (const link of links) {
      const { seen, error } = parse([frameOf(FrameKind.raft, link, new Uint8Array(1))])
      expect(seen).toEqual([])
      expect(error).toEqual(new FrameError('a frame is bound to another cluster, group or member'))
    }
  })

  test('an unknown version or kind is refused, and so is a cover that is longer than the body', () => {
    const version = headerWith({})
    version[2] = 9
    expect(parse([resealed(version)]).error).toEqual(new FrameError('frame version 9 is not known here'))
    expect(parse([headerWith({ kind: 0 })]).error).toEqual(new FrameError('frame kind 0 is not known here'))
    expect(parse([headerWith({ kind: 99 })]).error).toEqual(new FrameError('frame kind 99 is not known here'))
    const cover = headerWith({ bodyBytes: 4, coveredBytes: 4 })
    new DataView(cover.buffer).setUint32(12, 5)
    expect(parse([resealed(cover)]).error).toEqual(new FrameError('a frame covers more than its body'))
  })

  test('only the covered part of a body is guarded by the CRC of the frame', () => {
    const body = new Uint8Array([1, 2, 3, 4])
    const header = headerWith({ bodyBytes: 4, coveredBytes: 2, bodyCrc: crc32(body.subarray(0, 2)) })
    expect(parse([header, new Uint8Array([1, 2, 9, 9])]).seen).toHaveLength(1)
    expect(parse([header, new Uint8Array([1, 9, 3, 4])]).error).toEqual(
      new FrameError('the body of a frame is damaged'),
    )
  })

  test('a stopped parser hands over nothing more of the chunk that it is at', () => {
    const seen: number[] = []
    const parser = new FrameParser(
      {
        frame: (_kind, body) => {
          seen.push(body.byteLength)
          parser.stop()
        },
      },
      100,
    )
    parser.push(stream)
    parser.push(stream)
    expect(seen).toEqual([0])
  })
})
