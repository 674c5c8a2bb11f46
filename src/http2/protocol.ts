/** The numbers of HTTP/2 (RFC 9113) and what may go wrong in it. */

/** What a client sends before its first frame. */
export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

export const FRAME_HEADER_BYTES = 9
/** The payload of a frame is at most this long in both directions, unless the peer takes more. */
export const FRAME_BYTES_MAX = 16_384
/** The largest window, and the largest value of its setting. */
export const WINDOW_BYTES_MAX = 0x7fff_ffff
/** The window of a stream and of a connection before anything was said. */
export const WINDOW_BYTES_DEFAULT = 65_535
/** The size of a table for headers before anything was said. */
export const HEADER_TABLE_BYTES_DEFAULT = 4096

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const Flag = {
  /** Of DATA and HEADERS: nothing follows on this stream. */
  endStream: 0x1,
  /** Of SETTINGS and PING: this is the answer. */
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const

export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const

/** Why a stream or a connection ends (RFC 9113 section 7). */
export const Http2Code = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
} as const

/** A number of `Http2Code`. */
export type Http2Code = (typeof Http2Code)[keyof typeof Http2Code]

/** The peer broke a rule that ends the connection. */
export class ConnectionError extends Error {
  readonly code: Http2Code

  constructor(code: Http2Code, message: string) {
    super(message)
    this.name = 'ConnectionError'
    this.code = code
  }
}
