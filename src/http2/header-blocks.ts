/** Puts header blocks together: a HEADERS frame and the CONTINUATION frames behind it (RFC 9113 section 6.2). */
import { ConnectionError, Flag, Http2Code } from './protocol.ts'

/** A compressed block is at most this long. */
const BLOCK_BYTES_MAX = 64 * 1024
/** A block comes in at most so many frames: each costs more to keep than its bytes (CVE-2024-27316). */
const PARTS_MAX = 16
const PRIORITY_BYTES = 5

/** A block that is whole. `bytes` may be a view that is not to be kept. */
export interface WholeBlock {
  readonly streamId: number
  readonly endsStream: boolean
  readonly bytes: Buffer
  /** Its stream was said to depend on itself. */
  readonly dependsOnItself: boolean
}

interface OpenBlock extends Omit<WholeBlock, 'bytes'> {
  readonly parts: Buffer[]
  bytes: number
}

export class HeaderBlocks {
  #open: OpenBlock | undefined

  /** The stream whose block is still coming: nothing else may come on the connection. */
  get openStreamId(): number | undefined {
    return this.#open?.streamId
  }

  /** Takes the payload of HEADERS. Throws `ConnectionError`. */
  begin(flags: number, streamId: number, payload: Buffer): WholeBlock | undefined {
    let start = 0
    let end = payload.byteLength
    if ((flags & Flag.padded) !== 0) {
      if (end < 1) throw new ConnectionError(Http2Code.frameSizeError, 'HEADERS without room for padding')
      start = 1
      end -= payload[0] as number
    }
    const hasPriority = (flags & Flag.priority) !== 0
    const dependsOnItself = hasPriority && isDependent(payload, start, streamId)
    if (hasPriority) start += PRIORITY_BYTES
    if (start > end) throw new ConnectionError(Http2Code.protocolError, 'more padding than frame')
    const endsStream = (flags & Flag.endStream) !== 0
    const bytes = payload.subarray(start, end)
    if ((flags & Flag.endHeaders) !== 0) return { streamId, endsStream, bytes, dependsOnItself }
    // The payload may not be kept.
    this.#open = {
      streamId,
      endsStream,
      dependsOnItself,
      parts: [Buffer.from(bytes)],
      bytes: bytes.byteLength,
    }
    return undefined
  }

  /** Takes the payload of CONTINUATION, which belongs to the open block. Throws `ConnectionError`. */
  continue(flags: number, payload: Buffer): WholeBlock | undefined {
    const open = this.#open
    if (open === undefined) throw new ConnectionError(Http2Code.protocolError, 'CONTINUATION of nothing')
    open.parts.push(Buffer.from(payload))
    open.bytes += payload.byteLength
    if (open.bytes > BLOCK_BYTES_MAX || open.parts.length > PARTS_MAX) {
      throw new ConnectionError(Http2Code.enhanceYourCalm, 'a header block is too large')
    }
    if ((flags & Flag.endHeaders) === 0) return undefined
    this.#open = undefined
    return { ...open, bytes: Buffer.concat(open.parts) }
  }
}

function isDependent(payload: Buffer, start: number, streamId: number): boolean {
  if (payload.byteLength < start + PRIORITY_BYTES) {
    throw new ConnectionError(Http2Code.frameSizeError, 'HEADERS without room for its priority')
  }
  return (payload.readUInt32BE(start) & 0x7fff_ffff) === streamId
}
