/** What a connection needs from those who use it: its limits, and who serves the requests. */
import type { HeaderList } from './header-field.ts'
import type { Stream } from './stream.ts'

export interface ConnectionOptions {
  /** Calls at once. More are refused. */
  readonly streamsMax: number
  /** What a client may send ahead on one stream, and on all together, in bytes. */
  readonly streamWindowBytes: number
  readonly connectionWindowBytes: number
  /** The size of a request's headers (RFC 9113 section 6.5.2). Announced, and marked in the list when exceeded. */
  readonly headersBytesMax: number
  /** A clock in milliseconds that never goes back. */
  readonly mono: () => number
}

/** Who serves what a client asks for. */
export interface ConnectionUser {
  /** A request begins. Sets `stream.user`, or ends the stream. */
  request(stream: Stream, headers: HeaderList): void
  /** The client has sent its settings. */
  ready(): void
  /** Something came from the client. */
  heard(): void
  /** The connection is closed. Comes once, after all streams were told. `reason` when it was not in order. */
  closed(reason: string | undefined): void
}
