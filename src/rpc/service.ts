/**
 * The border between transport and handlers: what a call looks like to the code that answers it. Requests
 * and responses are bytes; nothing here knows of HTTP/2 or of a library.
 */

/** The gRPC status codes that a transport-level failure can have. */
export const GrpcCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const

/** A number of `GrpcCode`. */
export type GrpcCode = (typeof GrpcCode)[keyof typeof GrpcCode]

/** A call ends with a gRPC status other than OK. `metadata` goes into the trailers, names in lower case. */
export class GrpcFailure extends Error {
  readonly code: GrpcCode
  readonly metadata: Readonly<Record<string, string>>

  constructor(
    code: GrpcCode,
    message: string,
    options: { metadata?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'GrpcFailure'
    this.code = code
    this.metadata = options.metadata ?? {}
  }
}

/** What a handler may know about its call. Everything is worked out only when it is asked for. */
export interface CallContext {
  /** The value of a metadata entry by its lower-case name; the first one when there are several. */
  metadata(name: string): string | undefined
  /** Where the client is, `host:port`. */
  readonly peer: string
  /** The address of this server that the client connected to, `host:port`. */
  readonly localAddress: string
  /** The `clock.mono()` time at which the client gives up; Infinity when it waits for ever. */
  readonly deadlineMono: number
  /** Aborts when the client cancels, its deadline passes or the connection closes. */
  readonly signal: AbortSignal
}

/** One request, one response. */
export type UnaryMethod = (context: CallContext, request: Buffer) => Promise<Uint8Array>

/** The items of a streamed response, and who wants to know what became of them. */
export interface StreamReply {
  readonly items: readonly Uint8Array[]
  /** The items were handed to a stream that was alive to the end. The client may still not read them. */
  readonly onDelivered?: () => void
  /**
   * The stream was gone before everything was handed over. `itemsWritten` is 0 when not a byte was written.
   * Of `onDelivered` and `onLost` exactly one is called, once.
   */
  readonly onLost?: (itemsWritten: number) => void
}

/** One request, several responses that are written in order with backpressure. */
export type ServerStreamMethod = (context: CallContext, request: Buffer) => Promise<StreamReply>

/** A response that goes on for as long as its handler likes. */
export interface Flow {
  /** Aborts when nothing more can be sent: the client is gone, its deadline has passed, the server stops. */
  readonly over: AbortSignal
  /** Writes a message and resolves when the client has room for more; to false when it gets nothing more. */
  send(bytes: Uint8Array): Promise<boolean>
}

/** One request, responses as they come. The call ends with OK when the promise resolves, or with what it throws. */
export type FlowMethod = (context: CallContext, request: Buffer, flow: Flow) => Promise<void>

/** A call with messages in both directions. Iterating gives the client's messages until it half-closes. */
export interface BidiStream extends AsyncIterable<Buffer> {
  /** Queues a message. False when the stream is gone; a client that reads too slowly loses its stream. */
  send(bytes: Uint8Array): boolean
  /** Ends the stream with status OK after what was queued. Iterating ends too. */
  end(): void
}

/** The call lasts until the promise settles; then the stream ends with OK or with what was thrown. */
export type BidiMethod = (context: CallContext, stream: BidiStream) => Promise<void>

/** A method and the full path of its call, for example `/dledger.v1.Admin/ListTopics`. */
export type Method =
  | { readonly type: 'unary'; readonly path: string; readonly handle: UnaryMethod }
  | { readonly type: 'serverStream'; readonly path: string; readonly handle: ServerStreamMethod }
  | { readonly type: 'flow'; readonly path: string; readonly handle: FlowMethod }
  | { readonly type: 'bidi'; readonly path: string; readonly handle: BidiMethod }
