import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type FrameSink, FrameParser } from '../../src/http2/frame-parser.ts'
import { ConnectionError, Flag, Http2Code } from '../../src/http2/protocol.ts'
import { data, frame, open, paddedData, ping, preface } from './support/wire.ts'

/** Writes down frames; bytes of DATA are joined, as they come in pieces. */
class Notes implements FrameSink {
  readonly lines: string[] = []
  #bytes: Buffer[] = []
  readonly parser = new FrameParser(this)
  /** Stops at the frame with that number. */
  stopAt = Infinity

  frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    this.lines.push(`frame ${type} ${flags} ${streamId} ${payload.toString('hex')}`)
    if (this.lines.length === this.stopAt) this.parser.stop()
  }

  dataBegins(streamId: number, length: number): void {
    this.lines.push(`begins ${streamId} ${length}`)
  }

  data(chunk: Buffer): void {
    expect(chunk.byteLength).toBeGreaterThan(0)
    this.#bytes.push(chunk)
  }

  dataEnds(endsStream: boolean): void {
    this.lines.push(`ends ${endsStream} ${Buffer.concat(this.#bytes).toString('hex')}`)
    this.#bytes = []
  }
}

function notesOf(chunks: readonly Buffer[]): string[] {
  const notes = new Notes()
  for (const chunk of chunks) notes.parser.push(chunk)
  return notes.lines
}

const several = Buffer.concat([
  preface,
  frame(4, 0, 0, Buffer.alloc(0)),
  open(1),
  data(1, 'abc'),
  paddedData(1, Buffer.from('padded'), 9),
  paddedData(1, Buffer.alloc(0), 0),
  paddedData(1, Buffer.alloc(0), 255, Flag.endStream),
  data(1, '', Flag.endStream),
  frame(0xfe, 0xff, 0x7fff_ffff, Buffer.from('unknown')),
  ping(),
])

test('frames are what they are, wherever the bytes are cut', () => {
  const whole = notesOf([several])
  expect(whole.length).toBe(14)
  for (let cut = 0; cut <= several.byteLength; cut++) {
    expect(notesOf([several.subarray(0, cut), several.subarray(cut)])).toEqual(whole)
  }
  expect(notesOf([...several].map((byte) => Buffer.of(byte)))).toEqual(whole)
})

test('frames of any kind in pieces of any size are what they are', () => {
  const frames = fc.record({
    type: fc.nat(12),
    flags: fc.nat(255),
    streamId: fc.nat(0x7fff_ffff),
    payload: fc.uint8Array({ minLength: 0, maxLength: 300 }),
  })
  fc.assert(
    fc.property(fc.array(frames, { maxLength: 20 }), fc.array(fc.nat(200)), (list, cuts) => {
      const usable = list.filter(({ type, flags, payload }) => {
        const padded = type === 0 && (flags & Flag.padded) !== 0
        return !padded || (payload[0] ?? 255) < payload.length
      })
      const made = usable.map(({ type, flags, streamId, payload }) => frame(type, flags, streamId, payload))
      const bytes = Buffer.concat([preface, ...made])
      const pieces: Buffer[] = []
      let at = 0
      for (const size of cuts) {
        pieces.push(bytes.subarray(at, at + size))
        at += size
      }
      expect(notesOf([...pieces, bytes.subarray(at)])).toEqual(notesOf([bytes]))
    }),
  )
})

test('the reserved bit of a stream is passed over', () => {
  expect(notesOf([preface, frame(6, 0, 0x8000_0001, Buffer.alloc(1))])).toEqual(['frame 6 0 1 00'])
})

test('a parser that is stopped hands over nothing more of its chunk', () => {
  const notes = new Notes()
  notes.stopAt = 1
  notes.parser.push(Buffer.concat([preface, ping(), ping(), data(1, 'a')]))
  expect(notes.lines.length).toBe(1)
})

test.each([
  ['another preface', Buffer.from('PRI * HTTP/1.1'), Http2Code.protocolError],
  [
    'a preface with a wrong end',
    Buffer.concat([preface.subarray(0, 23), Buffer.of(0)]),
    Http2Code.protocolError,
  ],
  ['a frame that is too large', Buffer.concat([preface, Buffer.from('004001060000000000', 'hex')]), 6],
  [
    'more padding than frame',
    Buffer.concat([preface, frame(0, 8, 1, Buffer.of(1))]),
    Http2Code.protocolError,
  ],
  [
    'no room for padding',
    Buffer.concat([preface, frame(0, 8, 1, Buffer.alloc(0))]),
    Http2Code.frameSizeError,
  ],
])('%s is refused', (_name, bytes, code) => {
  const refusal = (): unknown => {
    try {
      return notesOf([bytes])
    } catch (error) {
      return error instanceof ConnectionError ? error.code : error
    }
  }
  expect(refusal()).toBe(code)
})

test('the largest frame is taken', () => {
  const large = Buffer.alloc(16_384, 1)
  expect(notesOf([preface, data(1, large)])).toEqual([
    'begins 1 16384',
    `ends false ${large.toString('hex')}`,
  ])
})
