/**
 * Length-prefixed messages as gRPC carries them inside the DATA of a stream:
 *
 *   u8  compressed: 0, as no compression is offered
 *   u32 length of the message
 *   ... message
 *
 * Messages and DATA frames begin and end independently of one another.
 */
import { joinLast } from '../base/kept-chunks.ts'
import { GrpcCode, GrpcFailure } from './service.ts'

const HEAD_BYTES = 5
/** Items up to this size are copied together, larger ones are written as they are. */
const COPY_BYTES_MAX = 32 * 1024
/** Small items are gathered into chunks of about this size. */
const CHUNK_BYTES = 64 * 1024

/** The message in a chunk that holds exactly one: a view. `undefined` for anything else. */
export function onlyMessage(chunk: Buffer): Buffer | undefined {
  const length = chunk.byteLength
  if (length < HEAD_BYTES || chunk[0] !== 0) return undefined
  return chunk.readUInt32BE(1) === length - HEAD_BYTES ? chunk.subarray(HEAD_BYTES) : undefined
}

/** One message with its prefix, copied into one buffer. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + message.byteLength)
  frame[0] = 0
  frame.writeUInt32BE(message.byteLength, 1)
  frame.set(message, HEAD_BYTES)
  return frame
}

/** Bytes to write in one go and how many messages end in them. */
export interface Chunk {
  readonly bytes: Uint8Array
  readonly messages: number
}

/** Cuts messages into chunks to write: small ones together, large ones without a copy. */
export function* chunksOf(messages: readonly Uint8Array[]): Generator<Chunk> {
  let start = 0
  while (start < messages.length) {
    const end = groupEnd(messages, start)
    const single = messages[start]
    if (end === start + 1 && single !== undefined && single.byteLength > COPY_BYTES_MAX) {
      yield { bytes: headOf(single.byteLength), messages: 0 }
      yield { bytes: single, messages: 1 }
    } else {
      yield { bytes: joined(messages.slice(start, end)), messages: end - start }
    }
    start = end
  }
}

/** Where the group that starts at `start` ends: before a large message, or when it is big enough. */
function groupEnd(messages: readonly Uint8Array[], start: number): number {
  let bytes = 0
  for (let at = start; at < messages.length; at++) {
    const size = messages[at]?.byteLength ?? 0
    if (size > COPY_BYTES_MAX) return Math.max(at, start + 1)
    bytes += size + HEAD_BYTES
    if (bytes > CHUNK_BYTES) return at + 1
  }
  return messages.length
}

function joined(messages: readonly Uint8Array[]): Buffer {
  const bytes = messages.reduce((sum, message) => sum + HEAD_BYTES + message.byteLength, 0)
  const chunk = Buffer.allocUnsafe(bytes)
  let at = 0
  for (const message of messages) {
    chunk[at] = 0
    chunk.writeUInt32BE(message.byteLength, at + 1)
    chunk.set(message, at + HEAD_BYTES)
    at += HEAD_BYTES + message.byteLength
  }
  return chunk
}

function headOf(length: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32BE(length, 1)
  return head
}

/** Puts messages together from chunks of any size. Holds no more than one message and one chunk. */
export class MessageReader {
  readonly #bytesMax: number
  #chunks: Buffer[] = []
  #held = 0
  #needed = HEAD_BYTES
  #inMessage = false

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Bytes that wait for the rest of their message. */
  get held(): number {
    return this.#held
  }

  /**
   * Takes the next bytes and returns the messages that are complete now. Throws `GrpcFailure`:
   * UNIMPLEMENTED for a compressed message, RESOURCE_EXHAUSTED for one beyond the limit, before it arrives.
   */
  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = []
    this.#chunks.push(chunk)
    this.#held += chunk.byteLength
    while (this.#held >= this.#needed) {
      const bytes = this.#take(this.#needed)
      if (this.#inMessage) messages.push(bytes)
      this.#needed = this.#inMessage ? HEAD_BYTES : this.#lengthIn(bytes)
      this.#inMessage = !this.#inMessage
    }
    joinLast(this.#chunks)
    return messages
  }

  /** Whether the stream may end here: no message has begun. */
  get atBorder(): boolean {
    return !this.#inMessage && this.#held === 0
  }

  #lengthIn(head: Buffer): number {
    if (head[0] !== 0) throw new GrpcFailure(GrpcCode.UNIMPLEMENTED, 'compressed messages are not accepted')
    const length = head.readUInt32BE(1)
    if (length <= this.#bytesMax) return length
    throw new GrpcFailure(
      GrpcCode.RESOURCE_EXHAUSTED,
      `a message of ${length} bytes is larger than ${this.#bytesMax}`,
    )
  }

  #take(size: number): Buffer {
    this.#held -= size
    const first = this.#chunks[0] ?? Buffer.alloc(0)
    if (first.byteLength > size) {
      this.#chunks[0] = first.subarray(size)
      return first.subarray(0, size)
    }
    if (first.byteLength === size) {
      this.#chunks.shift()
      return first
    }
    const whole = Buffer.concat(this.#chunks)
    this.#chunks = whole.byteLength === size ? [] : [whole.subarray(size)]
    return whole.subarray(0, size)
  }
}
