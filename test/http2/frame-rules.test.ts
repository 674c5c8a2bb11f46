import { expect, test } from 'vitest'
import { checkFrame, uint31 } from '../../src/http2/frame-rules.ts'
import { ConnectionError, Flag, FrameType } from '../../src/http2/protocol.ts'
import { uint32 } from './support/wire.ts'

test.each([
  [FrameType.ping, 0, 0, 8],
  [FrameType.settings, 0, 0, 60],
  [FrameType.settings, Flag.ack, 0, 0],
  [FrameType.goAway, 0, 0, 8],
  [FrameType.headers, 0, 1, 0],
  [FrameType.windowUpdate, 0, 0, 4],
  [FrameType.windowUpdate, 0, 1, 4],
  [FrameType.resetStream, 0, 1, 4],
  [0xfe, 0, 0, 1],
  [0xfe, 0, 1, 0],
])('type %i with flags %i on stream %i of %i bytes is well formed', (type, flags, streamId, bytes) => {
  expect(() => checkFrame(type, flags, streamId, Buffer.alloc(bytes))).not.toThrow()
})

test.each([
  [FrameType.ping, 0, 1, 8],
  [FrameType.ping, Flag.ack, 0, 9],
  [FrameType.settings, 0, 1, 0],
  [FrameType.settings, Flag.ack, 0, 6],
  [FrameType.goAway, 0, 1, 8],
  [FrameType.headers, 0, 0, 10],
  [FrameType.priority, 0, 0, 5],
  [FrameType.windowUpdate, 0, 1, 5],
  [FrameType.resetStream, 0, 1, 3],
])('type %i with flags %i on stream %i of %i bytes is refused', (type, flags, streamId, bytes) => {
  expect(() => checkFrame(type, flags, streamId, Buffer.alloc(bytes))).toThrow(ConnectionError)
})

test('a number of 31 bits has no reserved bit', () => {
  expect([uint31(uint32(0x8000_0001)), uint31(uint32(0xffff_ffff))]).toEqual([1, 0x7fff_ffff])
})
