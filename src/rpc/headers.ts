/**
 * The headers and trailers of gRPC over HTTP/2: what requests must bring, what responses say.
 */
import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import type { GrpcFailure } from './service.ts'

const { HTTP2_HEADER_CONTENT_TYPE, HTTP2_HEADER_METHOD, HTTP2_HEADER_STATUS } = constants
const CONTENT_TYPE = 'application/grpc'
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
}

/** Names and values of one request's headers together. */
export const HEADERS_BYTES_MAX = 16 * 1024

/** The headers of every response that has messages. */
export const RESPONSE_HEADERS: OutgoingHttpHeaders = {
  [HTTP2_HEADER_STATUS]: 200,
  [HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc+proto',
}

/** How to send the headers of a response with messages. The date is left out: nobody needs it. */
export const TRAILERS_FOLLOW = { waitForTrailers: true, sendDate: false } as const

/** How to send a response that is over with its headers. */
export const TRAILERS_ONLY = { endStream: true, sendDate: false } as const

/** The trailers of every call that went well. */
export const OK_TRAILERS: OutgoingHttpHeaders = { 'grpc-status': '0' }

/** The HTTP status for a request that is not gRPC; `undefined` when it is. */
export function refusalOf(headers: IncomingHttpHeaders): number | undefined {
  if (headers[HTTP2_HEADER_METHOD] !== 'POST') return 405
  const type = headers[HTTP2_HEADER_CONTENT_TYPE]
  if (type === CONTENT_TYPE) return undefined
  return typeof type === 'string' && /^application\/grpc[+;]/.test(type) ? undefined : 415
}

/** More than `HEADERS_BYTES_MAX` in names and values, one after the other. The library only announces it. */
export function areTooLarge(namesAndValues: readonly string[]): boolean {
  let bytes = 0
  for (const text of namesAndValues) bytes += text.length
  return bytes > HEADERS_BYTES_MAX
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
export function failureTrailers(failure: GrpcFailure): OutgoingHttpHeaders {
  const metadata = Object.entries(failure.metadata).map(([name, value]) => [name, percentEncoded(value)])
  return {
    ...Object.fromEntries(metadata),
    'grpc-status': String(failure.code),
    'grpc-message': percentEncoded(failure.message),
  }
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
