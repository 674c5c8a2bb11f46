/**
 * Cuts what a client sends into frames. DATA is handed on as it comes, in views of the bytes that were read;
 * all other frames are put together first.
 */
import {
  ConnectionError,
  Flag,
  FRAME_BYTES_MAX,
  FRAME_HEADER_BYTES,
  FrameType,
  Http2Code,
  PREFACE,
} from './protocol.ts'

/** Takes frames in order. May throw `ConnectionError` to end the connection. */
export interface FrameSink {
  /** A frame other than DATA. The payload is a view that may not be kept. */
  frame(type: number, flags: number, streamId: number, payload: Buffer): void
  /** A DATA frame begins. `length` is what counts for flow control, padding included. */
  dataBegins(streamId: number, length: number): void
  /** Some of its bytes, never empty. They stay as they are and may be kept. */
  data(chunk: Buffer): void
  /** It is over. */
  dataEnds(endsStream: boolean): void
}

const prefaceBytes = Buffer.from(PREFACE)
/** A view of no bytes of a chunk would keep the whole chunk. */
const nothing = Buffer.alloc(0)

export class FrameParser {
  readonly #sink: FrameSink
  /** How much of the preface was seen. */
  #prefaceSeen = 0
  // Rule: bytes are gathered here only while a frame header or the payload of a frame that is no DATA is cut.
  #gathered: Buffer = nothing
  /** Bytes of DATA that are still to come, and the padding behind them. */
  #dataLeft = 0
  #paddingLeft = 0
  #inData = false
  #dataEndsStream = false
  #stopped = false

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** Hands over nothing more, also of the chunk that is being cut. */
  stop(): void {
    this.#stopped = true
  }

  /** Throws `ConnectionError` for bytes that are no frames, and what the sink throws. */
  push(bytes: Buffer): void {
    let at = this.#prefaceSeen < prefaceBytes.byteLength ? this.#preface(bytes) : 0
    let chunk = bytes
    if (this.#gathered.byteLength > 0) {
      chunk = Buffer.concat([this.#gathered, bytes.subarray(at)])
      this.#gathered = nothing
      at = 0
    }
    while (at < chunk.byteLength && !this.#stopped) {
      const next = this.#inData ? this.#dataBytes(chunk, at) : this.#frameAt(chunk, at)
      if (next === at) {
        this.#gathered = chunk.subarray(at)
        return
      }
      at = next
    }
  }

  #preface(bytes: Buffer): number {
    const left = prefaceBytes.byteLength - this.#prefaceSeen
    const end = Math.min(left, bytes.byteLength)
    const expected = prefaceBytes.subarray(this.#prefaceSeen, this.#prefaceSeen + end)
    if (!expected.equals(bytes.subarray(0, end))) {
      throw new ConnectionError(Http2Code.protocolError, 'this is not HTTP/2')
    }
    this.#prefaceSeen += end
    return end
  }

  /** Takes one frame, or the begin of DATA. Returns `at` when more bytes are needed. */
  #frameAt(chunk: Buffer, at: number): number {
    if (chunk.byteLength - at < FRAME_HEADER_BYTES) return at
    const length = chunk.readUIntBE(at, 3)
    const type = chunk[at + 3] as number
    const flags = chunk[at + 4] as number
    const streamId = chunk.readUInt32BE(at + 5) & 0x7fff_ffff
    if (length > FRAME_BYTES_MAX) {
      throw new ConnectionError(Http2Code.frameSizeError, `a frame of ${length} bytes is too large`)
    }
    const start = at + FRAME_HEADER_BYTES
    if (type === FrameType.data) return this.#dataAt(chunk, start, flags, streamId, length)
    const end = start + length
    if (end > chunk.byteLength) return at
    this.#sink.frame(type, flags, streamId, chunk.subarray(start, end))
    return end
  }

  #dataAt(chunk: Buffer, start: number, flags: number, streamId: number, length: number): number {
    let padding = 0
    let at = start
    let left = length
    if ((flags & Flag.padded) !== 0) {
      if (length === 0) throw new ConnectionError(Http2Code.frameSizeError, 'a frame has no room for padding')
      if (at >= chunk.byteLength) return start - FRAME_HEADER_BYTES
      padding = chunk[at] as number
      at++
      left--
      if (padding > left) throw new ConnectionError(Http2Code.protocolError, 'more padding than frame')
    }
    this.#sink.dataBegins(streamId, length)
    this.#inData = true
    this.#dataEndsStream = (flags & Flag.endStream) !== 0
    this.#dataLeft = left - padding
    this.#paddingLeft = padding
    return this.#dataBytes(chunk, at)
  }

  #dataBytes(chunk: Buffer, start: number): number {
    const end = Math.min(start + this.#dataLeft, chunk.byteLength)
    if (end > start) {
      this.#dataLeft -= end - start
      this.#sink.data(chunk.subarray(start, end))
    }
    const padEnd = this.#dataLeft > 0 ? end : Math.min(end + this.#paddingLeft, chunk.byteLength)
    this.#paddingLeft -= padEnd - end
    if (this.#dataLeft === 0 && this.#paddingLeft === 0) {
      this.#inData = false
      this.#sink.dataEnds(this.#dataEndsStream)
    }
    return padEnd
  }
}
