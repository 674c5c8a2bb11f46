/**
 * One SendMessage call as raw HTTP/2 bytes, made once: a HEADERS frame and the DATA frames of a gRPC request.
 * Each call copies the bytes and writes its stream id and its message ids into the copy.
 */

const FRAME_BYTES_MAX = 16_384
const FRAME_HEAD_BYTES = 9
const GRPC_HEAD_BYTES = 5
const PATH = '/apache.rocketmq.v2.MessagingService/SendMessage'

/** What a call holds. `salt` is 16 hexadecimal characters that no other load process uses. */
export interface CallShape {
  readonly topic: string
  readonly bodyBytes: number
  readonly batch: number
  readonly authority: string
  readonly salt: string
}

/** The bytes of a call and the places that change from call to call. */
export interface CallTemplate {
  readonly bytes: Buffer
  /** Bytes that count against the flow control windows. */
  readonly dataBytes: number
  /** Where the stream id stands in each frame. */
  readonly streamAt: readonly number[]
  /** Where the 8 hexadecimal characters of each message's own number stand. */
  readonly numberAt: readonly number[]
}

/** Builds the bytes of a call with stream id 0 and message number 0. */
export function callTemplate(shape: CallShape): CallTemplate {
  const marker = `${shape.salt}${'0'.repeat(16)}`
  const head = headerBlock(shape.authority)
  const data = requestBytes(shape, `01${marker}`)
  const frames: Buffer[] = [frame(0x1, 0x4, head)]
  for (let at = 0; at < data.length; at += FRAME_BYTES_MAX) {
    const part = data.subarray(at, at + FRAME_BYTES_MAX)
    frames.push(frame(0x0, at + part.length === data.length ? 0x1 : 0, part))
  }
  const starts = frames.map((_, n) => frames.slice(0, n).reduce((sum, before) => sum + before.length, 0))
  const bytes = Buffer.concat(frames)
  const streamAt = starts.map((start) => start + 5)
  // A marker that a frame border cuts in two cannot be patched: the ids would repeat.
  const numberAt = placesOf(bytes, marker).map((at) => at + marker.length - 8)
  if (numberAt.length !== shape.batch)
    throw new Error('a frame border cuts a message id; choose another size')
  return { bytes, dataBytes: data.length, streamAt, numberAt }
}

function placesOf(bytes: Buffer, text: string): number[] {
  const places: number[] = []
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) places.push(at)
  return places
}

const DIGITS = Uint16Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).toUpperCase().padStart(2, '0')).readUInt16BE(0),
)

/** Copies the template to `at` in `into` for one call. Message k of the call gets the number `first + k`. */
export function writeCall(
  into: Buffer,
  at: number,
  call: CallTemplate,
  stream: number,
  first: number,
): number {
  call.bytes.copy(into, at)
  for (const place of call.streamAt) into.writeUInt32BE(stream, at + place)
  let number = first
  for (const place of call.numberAt) {
    into.writeUInt16BE(DIGITS[(number >>> 24) & 255] ?? 0, at + place)
    into.writeUInt16BE(DIGITS[(number >>> 16) & 255] ?? 0, at + place + 2)
    into.writeUInt16BE(DIGITS[(number >>> 8) & 255] ?? 0, at + place + 4)
    into.writeUInt16BE(DIGITS[number & 255] ?? 0, at + place + 6)
    number += 1
  }
  return at + call.bytes.length
}

/** A whole HTTP/2 frame (RFC 9113 section 4.1) with stream id 0. */
export function frame(type: number, flags: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(FRAME_HEAD_BYTES + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = flags
  bytes.set(payload, FRAME_HEAD_BYTES)
  return bytes
}

/** The header block, without Huffman code and dynamic table (RFC 7541), so that it is the same for each call. */
function headerBlock(authority: string): Buffer {
  return Buffer.concat([
    Buffer.from([0x80 | 3, 0x80 | 6]), // :method POST, :scheme http
    named(4, PATH),
    named(1, authority),
    named(31, 'application/grpc'),
    literal('te', 'trailers'),
    literal('x-mq-client-id', `bench-${process.pid}`),
    literal('x-mq-language', 'NODE_JS'),
    literal('x-mq-protocol', 'v2'),
    literal('x-mq-client-version', '5.1.0'),
    literal('x-mq-namespace', ''),
  ])
}

function named(index: number, value: string): Buffer {
  const name = index < 15 ? [0x10 | index] : [0x1f, index - 15]
  return Buffer.concat([Buffer.from(name), text(value)])
}

function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0x10]), text(name), text(value)])
}

function text(value: string): Buffer {
  if (value.length > 126) throw new Error('a header of the bench is short')
  return Buffer.from([value.length, ...Buffer.from(value)])
}

/** The gRPC frame with a SendMessageRequest of `batch` messages, encoded by hand. */
function requestBytes(shape: CallShape, messageId: string): Buffer {
  const system = Buffer.concat([
    field(1, Buffer.from('bench')), // tag
    field(3, Buffer.from(messageId)),
    Buffer.from([0x28, 0x01]), // body_encoding IDENTITY
    Buffer.from([0x30, 0x01]), // message_type NORMAL
    field(7, bornAt()),
    field(8, Buffer.from('bench')),
  ])
  const message = Buffer.concat([
    field(1, field(2, Buffer.from(shape.topic))),
    field(3, system),
    field(4, Buffer.alloc(shape.bodyBytes, 'x')),
  ])
  const request = Buffer.concat(Array.from({ length: shape.batch }, () => field(1, message)))
  const head = Buffer.alloc(GRPC_HEAD_BYTES)
  head.writeUInt32BE(request.length, 1)
  return Buffer.concat([head, request])
}

function bornAt(): Buffer {
  return Buffer.from([0x08, ...varint(Math.floor(Date.now() / 1000))])
}

function field(number: number, content: Uint8Array): Buffer {
  return Buffer.from([...varint((number << 3) | 2), ...varint(content.length), ...content])
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}
