/**
 * The headers and trailers of gRPC over HTTP/2: what requests must bring, what responses say.
 */
import type { HeaderList } from '../http2/header-field.ts'
import { type Fields, headerBlock } from '../http2/hpack-encoder.ts'
import type { GrpcFailure } from './service.ts'

const CONTENT_TYPE = 'application/grpc'
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
}

/** The size of one request's headers: names, values and 32 bytes for each (RFC 9113 section 6.5.2). */
export const HEADERS_BYTES_MAX = 16 * 1024

/** Clients take 8 KiB of trailers (gRPC), and a character may need nine bytes. */
const MESSAGE_LENGTH_MAX = 512

/** The headers of every gRPC response. */
const RESPONSE_FIELDS: Fields = [
  [':status', '200'],
  ['content-type', 'application/grpc+proto'],
]

/** The headers of every response that has messages, encoded. */
export const RESPONSE_HEADERS = headerBlock(RESPONSE_FIELDS)

/** The trailers of every call that went well, encoded. */
export const OK_TRAILERS = headerBlock([['grpc-status', '0']])

/** A response that is over with its headers: a call that failed before its first message. */
export function trailersOnly(trailers: Fields): Uint8Array {
  return headerBlock([...RESPONSE_FIELDS, ...trailers])
}

/** The response to a request that is not gRPC. */
export function statusOnly(httpStatus: number): Uint8Array {
  return headerBlock([[':status', String(httpStatus)]])
}

/** The HTTP status for a request that is not gRPC; `undefined` when it is. */
export function refusalOf(headers: HeaderList): number | undefined {
  if (headers.get(':method') !== 'POST') return 405
  const type = headers.get('content-type')
  if (type === CONTENT_TYPE) return undefined
  return type !== undefined && /^application\/grpc[+;]/.test(type) ? undefined : 415
}

/** The milliseconds in a `grpc-timeout` header; Infinity without one or with one that is malformed. */
export function timeoutMs(header: string | undefined): number {
  if (header === undefined) return Infinity
  const unit = UNIT_MS[header.at(-1) ?? '']
  const digits = header.slice(0, -1)
  if (unit === undefined || !/^\d{1,8}$/.test(digits)) return Infinity
  return Number(digits) * unit
}

/** The trailers of a call that failed. Metadata is made harmless like the message: see `percentEncoded`. */
export function failureTrailers(failure: GrpcFailure): Fields {
  const metadata = Object.entries(failure.metadata)
  return [
    ['grpc-status', String(failure.code)],
    ['grpc-message', percentEncoded(failure.message.slice(0, MESSAGE_LENGTH_MAX))],
    ...metadata.map(([name, value]) => [name, percentEncoded(value)] as const),
  ]
}

/** A text as `grpc-message` carries it: UTF-8, all but visible ASCII and the space as `%XX`. */
export function percentEncoded(text: string): string {
  if (/^[ -$&-~]*$/.test(text)) return text
  let out = ''
  for (const byte of Buffer.from(text)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25
    out += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return out
}
