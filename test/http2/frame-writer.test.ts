import { expect, test } from 'vitest'
import { FrameWriter } from '../../src/http2/frame-writer.ts'
import { FrameType, Http2Code, Setting } from '../../src/http2/protocol.ts'
import { framesIn, uint32, type WireFrame, wordsOf } from './support/wire.ts'

function written(write: (writer: FrameWriter) => void): WireFrame[] {
  const writer = new FrameWriter()
  write(writer)
  const bytes = Buffer.concat(writer.take())
  expect(writer.bytes).toBe(0)
  return framesIn(bytes)
}

test('each frame has its type, flags, stream and payload', () => {
  const frames = written((writer) => {
    writer.settings([
      [Setting.maxConcurrentStreams, 7],
      [Setting.initialWindowSize, 0x7fff_ffff],
    ])
    writer.settingsAck()
    writer.ping(Buffer.from('12345678'), false)
    writer.ping(Buffer.from('12345678'), true)
    writer.windowUpdate(0x7fff_ffff, 0x7fff_ffff)
    writer.resetStream(5, Http2Code.cancel)
    writer.data(0x0102_0304, Buffer.from('abc'), true)
    writer.headers(3, Buffer.of(0x88), true)
  })
  expect(frames.map(wordsOf)).toEqual([
    'settings 0',
    'settings 0 ack',
    'ping 0',
    'ping 0 ack',
    'windowUpdate 2147483647 2147483647',
    'resetStream 5 8',
    'data 16909060 3 end',
    'headers 3 end',
  ])
  expect(frames[0]?.payload.toString('hex')).toBe('00030000000700047fffffff')
  expect(String(frames[6]?.payload)).toBe('abc')
})

test('GOAWAY says the last stream, why, and not too many words', () => {
  const [frame] = written((writer) => writer.goAway(9, Http2Code.protocolError, 'w'.repeat(1000)))
  expect(frame?.payload.subarray(0, 8)).toEqual(uint32(9, 1))
  expect(frame?.payload.byteLength).toBe(8 + 256)
})

test('a large block is continued, and only its end says so', () => {
  for (const size of [16_384, 16_385, 32_768, 40_000]) {
    const block = Buffer.alloc(size, 3)
    const frames = written((writer) => writer.headers(1, block, true))
    expect(frames.map(({ type }) => type)).toEqual([
      FrameType.headers,
      ...frames.slice(1).map(() => FrameType.continuation),
    ])
    expect(frames.map(({ flags }) => (flags & 4) !== 0)).toEqual(
      frames.map((_, at) => at === frames.length - 1),
    )
    expect(frames.map(({ flags }) => (flags & 1) !== 0)).toEqual(frames.map((_, at) => at === 0))
    expect(Buffer.concat(frames.map(({ payload }) => payload)).equals(block)).toBe(true)
  }
})

test('a table that changed is answered once, in the next block', () => {
  const frames = written((writer) => {
    writer.tableChanged()
    writer.tableChanged()
    writer.headers(1, Buffer.of(0x88), false)
    writer.headers(1, Buffer.of(0x88), true)
  })
  expect(frames.map(({ payload }) => payload.toString('hex'))).toEqual(['2088', '88'])
})
