/** What each kind of frame must look like by itself (RFC 9113 section 6). All of these throw `ConnectionError`. */
import { ConnectionError, Flag, FrameType, Http2Code } from './protocol.ts'

/** The bytes that a payload of that type has, for types that have a size. */
const SIZES: ReadonlyMap<number, number> = new Map([
  [FrameType.ping, 8],
  [FrameType.windowUpdate, 4],
  [FrameType.resetStream, 4],
])
const OF_CONNECTION: readonly number[] = [FrameType.settings, FrameType.ping, FrameType.goAway]
const OF_STREAM: readonly number[] = [FrameType.headers, FrameType.priority]

/** Checks a frame other than DATA. */
export function checkFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
  if (OF_CONNECTION.includes(type) && streamId !== 0)
    protocolError('a frame of the connection names a stream')
  if (OF_STREAM.includes(type) && streamId === 0) protocolError('a frame of a stream names none')
  const size = SIZES.get(type)
  if (size !== undefined && payload.byteLength !== size) frameSizeError(`a frame has ${size} bytes`)
  if (type === FrameType.settings && (flags & Flag.ack) !== 0 && payload.byteLength > 0) {
    frameSizeError('an answer with settings')
  }
}

/** A number of 31 bits at the begin of a payload that has room for it. */
export function uint31(payload: Buffer): number {
  return payload.readUInt32BE(0) & 0x7fff_ffff
}

export function protocolError(message: string): never {
  throw new ConnectionError(Http2Code.protocolError, message)
}

function frameSizeError(message: string): never {
  throw new ConnectionError(Http2Code.frameSizeError, message)
}
