/**
 * Cuts the bytes of a peer connection into frames and makes the headers of frames.
 * Pure.
 *
 * A frame is a header of 24 bytes, big-endian, and a body:
 *
 *    0  u16  magic 0xd1ed
 *    2  u8   frame version
 *    3  u8   kind (FrameKind)
 *    4  u32  link: short hash of cluster id, group, from and to, so that every frame is bound to them
 *    8  u32  length of the body
 *   12  u32  covered: how many bytes at the body's start the body CRC covers
 *   16  u32  CRC-32 of the covered bytes
 *   20  u32  CRC-32 of bytes 0 to 19
 *
 * The header's CRC is checked before anything in it is trusted, and the length is checked before anything is
 * allocated. All bodies are covered as a whole but for Raft frames: there only the head of the message is, for
 * the log records after it carry CRCs of their own, which the log store checks.
 */
import { Writer } from '../../base/bytes.ts'
import { assert } from '../../base/assert.ts'
import type { NodeId } from '../../base/brand.ts'
import { crc32 } from '../../base/crc32.ts'
import { PEER_FRAME_BYTES_MAX } from '../../base/limits.ts'

export const FRAME_HEADER_BYTES = 24
const MAGIC = 0xd1ed
const FRAME_VERSION = 1

export const FrameKind = {
  hello: 1,
  helloReply: 2,
  /** No body. Says that the sender lives. */
  alive: 3,
  raft: 4,
  call: 5,
  callReply: 6,
  callError: 7,
  callCancel: 8,
} as const
const KIND_LAST = FrameKind.callCancel

/** Bytes from a peer that are no frame, or not one that may come now. The connection is closed. */
export class FrameError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'FrameError'
  }
}

/** The short hash that binds a frame to its cluster, group, sender and receiver. Against mistakes, not attacks. */
export function linkHash(clusterId: string, group: string, from: NodeId, to: NodeId): number {
  return crc32(new Writer().text16(clusterId).text16(group).uint32(from).uint32(to).done())
}

/** What one frame header says. */
export interface FrameHeader {
  readonly kind: number
  readonly link: number
  readonly bodyBytes: number
  readonly coveredBytes: number
  readonly bodyCrc: number
}

/** Writes a header at `into[at]`. The caller has room for `FRAME_HEADER_BYTES` there. */
export function writeFrameHeader(into: Uint8Array, at: number, header: FrameHeader): void {
  assert(header.bodyBytes <= PEER_FRAME_BYTES_MAX, 'a frame is not larger than the limit', {
    bodyBytes: header.bodyBytes,
  })
  assert(header.coveredBytes <= header.bodyBytes, 'what is covered is in the body')
  into[at] = MAGIC >>> 8
  into[at + 1] = MAGIC & 0xff
  into[at + 2] = FRAME_VERSION
  into[at + 3] = header.kind
  writeUint32(into, at + 4, header.link)
  writeUint32(into, at + 8, header.bodyBytes)
  writeUint32(into, at + 12, header.coveredBytes)
  writeUint32(into, at + 16, header.bodyCrc)
  writeUint32(into, at + 20, crc32(into.subarray(at, at + 20)))
}

/** One whole frame as bytes, its body covered as a whole. For greetings and tests; not for hot paths. */
export function frameOf(kind: number, link: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + body.byteLength)
  const bodyBytes = body.byteLength
  writeFrameHeader(frame, 0, { kind, link, bodyBytes, coveredBytes: bodyBytes, bodyCrc: crc32(body) })
  frame.set(body, FRAME_HEADER_BYTES)
  return frame
}

/** Takes each frame as it is complete, in order. May throw `FrameError` to end the connection. */
export interface FrameSink {
  frame(kind: number, body: Uint8Array, link: number): void
}

/**
 * Cuts chunks of any size into frames. One parser serves one connection: bytes of an older connection never
 * meet those of a newer one (pitfall 59). After a `FrameError` it must not be used any more.
 */
export class FrameParser {
  readonly #sink: FrameSink
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES)
  #link: number | null = null
  #bodyBytesMax: number
  // Rule: either a header is being gathered, or `#body` holds the body that is, never both.
  #headerFill = 0
  #body: Uint8Array | null = null
  #bodyFill = 0
  #kind = 0
  #frameLink = 0
  #bodyCrc = 0
  #coveredBytes = 0
  #bodyBytes = 0
  #stopped = false

  /** Until `bind` frames of any link are let through, with bodies of at most `bodyBytesMax`. */
  constructor(sink: FrameSink, bodyBytesMax: number) {
    this.#sink = sink
    this.#bodyBytesMax = bodyBytesMax
  }

  /** From the next header on only frames of this link pass, with bodies of at most `bodyBytesMax`. */
  bind(link: number, bodyBytesMax = PEER_FRAME_BYTES_MAX): void {
    assert(bodyBytesMax <= PEER_FRAME_BYTES_MAX, 'the limit of the system holds')
    this.#link = link
    this.#bodyBytesMax = bodyBytesMax
  }

  /** Hands over nothing more, also of the chunk that is being cut. For a connection that ends. */
  stop(): void {
    this.#stopped = true
    this.#body = null
  }

  /**
   * Cuts the next chunk. A body that lies within it is given as a view of it; one that does not is put
   * together in a buffer of its own, made once. Throws `FrameError` when the bytes are not allowed.
   */
  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.byteLength && !this.#stopped) {
      if (this.#body !== null) at = this.#fillBody(this.#body, chunk, at)
      else if (this.#headerFill === 0 && chunk.byteLength - at >= FRAME_HEADER_BYTES) {
        this.#readHeader(chunk, at)
        at = this.#startBody(chunk, at + FRAME_HEADER_BYTES)
      } else at = this.#fillHeader(chunk, at)
    }
  }

  #fillHeader(chunk: Uint8Array, at: number): number {
    const end = Math.min(at + FRAME_HEADER_BYTES - this.#headerFill, chunk.byteLength)
    this.#header.set(chunk.subarray(at, end), this.#headerFill)
    this.#headerFill += end - at
    if (this.#headerFill < FRAME_HEADER_BYTES) return end
    this.#headerFill = 0
    this.#readHeader(this.#header, 0)
    return this.#startBody(chunk, end)
  }

  #readHeader(bytes: Uint8Array, at: number): void {
    if (readUint16(bytes, at) !== MAGIC) throw new FrameError('this is not the protocol of the peers')
    const version = bytes[at + 2]
    if (version !== FRAME_VERSION) throw new FrameError(`frame version ${version} is not known here`)
    if (readUint32(bytes, at + 20) !== crc32(bytes.subarray(at, at + 20))) {
      throw new FrameError('the header of a frame is damaged')
    }
    const kind = bytes[at + 3] ?? 0
    if (kind === 0 || kind > KIND_LAST) throw new FrameError(`frame kind ${kind} is not known here`)
    this.#kind = kind
    this.#frameLink = readUint32(bytes, at + 4)
    if (this.#link !== null && this.#frameLink !== this.#link) {
      throw new FrameError('a frame is bound to another cluster, group or member')
    }
    this.#bodyBytes = readUint32(bytes, at + 8)
    this.#coveredBytes = readUint32(bytes, at + 12)
    this.#bodyCrc = readUint32(bytes, at + 16)
    if (this.#bodyBytes > this.#bodyBytesMax) {
      throw new FrameError(`a body of ${this.#bodyBytes} bytes is larger than ${this.#bodyBytesMax}`)
    }
    if (this.#coveredBytes > this.#bodyBytes) throw new FrameError('a frame covers more than its body')
  }

  #startBody(chunk: Uint8Array, at: number): number {
    const end = at + this.#bodyBytes
    if (end <= chunk.byteLength) {
      this.#emit(chunk.subarray(at, end))
      return end
    }
    this.#body = new Uint8Array(this.#bodyBytes)
    this.#bodyFill = 0
    return this.#fillBody(this.#body, chunk, at)
  }

  #fillBody(body: Uint8Array, chunk: Uint8Array, at: number): number {
    const end = Math.min(at + body.byteLength - this.#bodyFill, chunk.byteLength)
    body.set(chunk.subarray(at, end), this.#bodyFill)
    this.#bodyFill += end - at
    if (this.#bodyFill === body.byteLength) {
      this.#body = null
      this.#emit(body)
    }
    return end
  }

  #emit(body: Uint8Array): void {
    const covered = this.#coveredBytes === body.byteLength ? body : body.subarray(0, this.#coveredBytes)
    if (crc32(covered) !== this.#bodyCrc) throw new FrameError('the body of a frame is damaged')
    this.#sink.frame(this.#kind, body, this.#frameLink)
  }
}

function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24
  into[at + 1] = value >>> 16
  into[at + 2] = value >>> 8
  into[at + 3] = value
}

function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (((readUint16(bytes, at) << 16) >>> 0) + readUint16(bytes, at + 2)) >>> 0
}
