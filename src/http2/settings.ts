/** What the client set for what this side sends (RFC 9113 section 6.5). */
import {
  ConnectionError,
  FRAME_BYTES_MAX,
  Http2Code,
  Setting,
  WINDOW_BYTES_DEFAULT,
  WINDOW_BYTES_MAX,
} from './protocol.ts'

const FRAME_BYTES_LIMIT = 0xff_ffff
const ENTRY_BYTES = 6

export interface ClientSettings {
  /** The window of a new stream, in bytes. */
  readonly windowBytes: number
  /** The client speaks of the size of its table for headers. */
  readonly speaksOfTable: boolean
}

export const CLIENT_SETTINGS: ClientSettings = { windowBytes: WINDOW_BYTES_DEFAULT, speaksOfTable: false }

/** What holds after a SETTINGS frame. Throws `ConnectionError` for values that are not allowed. */
export function settingsAfter(before: ClientSettings, payload: Buffer): ClientSettings {
  if (payload.byteLength % ENTRY_BYTES !== 0) {
    throw new ConnectionError(Http2Code.frameSizeError, 'settings have six bytes each')
  }
  let { windowBytes } = before
  let speaksOfTable = false
  for (let at = 0; at < payload.byteLength; at += ENTRY_BYTES) {
    const value = payload.readUInt32BE(at + 2)
    switch (payload.readUInt16BE(at)) {
      case Setting.headerTableSize:
        speaksOfTable = true
        break
      case Setting.enablePush:
        if (value > 1) throw new ConnectionError(Http2Code.protocolError, 'pushing is on or off')
        break
      case Setting.initialWindowSize:
        if (value > WINDOW_BYTES_MAX)
          throw new ConnectionError(Http2Code.flowControlError, 'a window is too large')
        windowBytes = value
        break
      case Setting.maxFrameSize:
        // This side never sends more than everybody takes.
        if (value < FRAME_BYTES_MAX || value > FRAME_BYTES_LIMIT)
          throw new ConnectionError(Http2Code.protocolError, 'a frame size that is not allowed')
        break
      default:
      // Unknown settings, and those about what a server never does, are passed over.
    }
  }
  return { windowBytes, speaksOfTable }
}
