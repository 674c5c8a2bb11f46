/** Frames made by hand, and frames read back. */
import { headerBlock } from '../../../src/http2/hpack-encoder.ts'
import { Flag, FrameType, PREFACE } from '../../../src/http2/protocol.ts'

export interface WireFrame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: Buffer
}

export const preface = Buffer.from(PREFACE)

export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.byteLength, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}

export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, at * 4)
  return bytes
}

export function settings(...entries: (readonly [setting: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(entries.length * 6)
  for (const [at, [setting, value]] of entries.entries()) {
    payload.writeUInt16BE(setting, at * 6)
    payload.writeUInt32BE(value, at * 6 + 2)
  }
  return frame(FrameType.settings, 0, 0, payload)
}

export const opening = Buffer.concat([preface, settings()])
export const settingsAck = frame(FrameType.settings, Flag.ack, 0, Buffer.alloc(0))

type Pairs = readonly (readonly [name: string, value: string])[]

export const postFields: Pairs = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/t.T/Echo'],
]

export const postBlock = Buffer.from(headerBlock(postFields))

/** A request whose body follows. */
export function open(streamId: number, fields: Pairs = postFields, flags = 0): Buffer {
  return frame(FrameType.headers, Flag.endHeaders | flags, streamId, headerBlock(fields))
}

/** A request without a body. */
export function request(streamId: number): Buffer {
  return open(streamId, postFields, Flag.endStream)
}

export function data(streamId: number, bytes: Uint8Array | string, flags = 0): Buffer {
  return frame(FrameType.data, flags, streamId, typeof bytes === 'string' ? Buffer.from(bytes) : bytes)
}

/** DATA whose payload is followed by so many bytes of padding. */
export function paddedData(streamId: number, bytes: Uint8Array, padding: number, flags = 0): Buffer {
  const payload = Buffer.concat([Buffer.of(padding), bytes, Buffer.alloc(padding)])
  return frame(FrameType.data, Flag.padded | flags, streamId, payload)
}

export function windowUpdate(streamId: number, bytes: number): Buffer {
  return frame(FrameType.windowUpdate, 0, streamId, uint32(bytes))
}

export function resetStream(streamId: number, code = 8): Buffer {
  return frame(FrameType.resetStream, 0, streamId, uint32(code))
}

export function ping(text = 'pingpong', flags = 0): Buffer {
  return frame(FrameType.ping, flags, 0, Buffer.from(text))
}

/** The frames in bytes that hold whole frames. */
export function framesIn(bytes: Buffer): WireFrame[] {
  const frames: WireFrame[] = []
  for (let at = 0; at < bytes.byteLength; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3)
    if (end > bytes.byteLength) throw new Error('a frame is cut')
    frames.push({
      type: bytes[at + 3] as number,
      flags: bytes[at + 4] as number,
      streamId: bytes.readUInt32BE(at + 5),
      payload: bytes.subarray(at + 9, end),
    })
    at = end
  }
  return frames
}

const names = new Map<number, string>(Object.entries(FrameType).map(([name, type]) => [type, name]))

/** A frame in a few words, for example `data 1 "ab" end`. */
export function wordsOf({ type, flags, streamId, payload }: WireFrame): string {
  const name = `${names.get(type)} ${streamId}`
  const end = (type === FrameType.data || type === FrameType.headers) && (flags & Flag.endStream) !== 0
  const tail = end ? ' end' : ''
  switch (type) {
    case FrameType.data:
      return `${name} ${payload.byteLength}${tail}`
    case FrameType.resetStream:
    case FrameType.windowUpdate:
      return `${name} ${payload.readUInt32BE(0)}`
    case FrameType.goAway:
      return `goAway ${payload.readUInt32BE(0)} ${payload.readUInt32BE(4)}`
    case FrameType.settings:
    case FrameType.ping:
      return `${name}${(flags & Flag.ack) === 0 ? '' : ' ack'}`
    default:
      return `${name}${tail}`
  }
}
