/** Cuts the bytes of an HTTP/2 connection into frames (RFC 9113 section 4.1), without looking into them. */

const HEAD_BYTES = 9

/** Gets each frame. `bytes` holds the payload in [start, end) and is valid only during the call. */
export interface FrameSink {
  frame(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): void
}

export class FrameReader {
  private rest: Buffer | null = null
  private readonly sink: FrameSink

  constructor(sink: FrameSink) {
    this.sink = sink
  }

  /** Takes the next bytes of the connection and hands on every frame that is now whole. */
  push(chunk: Buffer): void {
    const bytes = this.rest === null ? chunk : Buffer.concat([this.rest, chunk])
    let at = 0
    while (bytes.length - at >= HEAD_BYTES) {
      const start = at + HEAD_BYTES
      const end = start + bytes.readUIntBE(at, 3)
      if (end > bytes.length) break
      const stream = bytes.readUInt32BE(at + 5) & 0x7fff_ffff
      this.sink.frame(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, stream, bytes, start, end)
      at = end
    }
    this.rest = at === bytes.length ? null : Buffer.from(bytes.subarray(at))
  }
}

const GRPC_HEAD_BYTES = 5

/**
 * Does a gRPC message that starts at `start` begin with `status { code: 20000 }`? Both SendMessageResponse
 * and its status come first on the wire, so the bytes are `0a len 08 a0 9c 01`.
 */
export function isAccepted(bytes: Buffer, start: number, end: number): boolean {
  let at = start + GRPC_HEAD_BYTES
  if (end - at < 6 || bytes[at] !== 0x0a) return false
  at += (bytes[at + 1] ?? 0) < 128 ? 2 : 3
  return bytes[at] === 0x08 && bytes[at + 1] === 0xa0 && bytes[at + 2] === 0x9c && bytes[at + 3] === 0x01
}
