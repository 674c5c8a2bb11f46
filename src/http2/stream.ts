/**
 * One stream: a request that comes in and a response that goes out. It keeps its state, its two windows and
 * what waits to be sent; the connection makes the frames.
 */
import { assert } from '../base/assert.ts'
import { joinLast } from '../base/kept-chunks.ts'
import { Http2Code, WINDOW_BYTES_MAX } from './protocol.ts'

/** Who takes what arrives. `closed` comes once and last. */
export interface StreamUser {
  /** Bytes of the request, views that may be kept. Never after `pause`, until `resume`. */
  data(chunk: Buffer): void
  /** The client has sent everything. */
  inputEnded(): void
  /** What waited for the client was handed over, as far as `write` was told to wait for it. */
  drained(): void
  /** Over in both directions, reset, or its connection is gone. */
  closed(): void
}

/** What a stream asks of its connection. */
export interface StreamHost {
  /** Something waits to be sent. */
  wantsToSend(stream: Stream): void
  sendHeaders(stream: Stream, block: Uint8Array, endsStream: boolean): void
  sendReset(stream: Stream, code: Http2Code): void
  /** The user took so many bytes: the client may send as many more. */
  consumed(stream: Stream, bytes: number): void
  /** The stream is over. `heldBytes` of its request were taken by nobody. */
  forget(stream: Stream, heldBytes: number): void
}

const nobody: StreamUser = {
  data: () => undefined,
  inputEnded: () => undefined,
  drained: () => undefined,
  closed: () => undefined,
}

export class Stream {
  readonly id: number
  readonly #host: StreamHost
  user: StreamUser = nobody
  /** How much may be sent, by this stream's window. May be below 0 after the client made it smaller. */
  sendWindow: number
  /** How much the client may still send. */
  receiveWindow: number
  /** Taken by the user and not yet given back to the client's window. */
  owed = 0
  /** Nothing more comes: the client has sent everything, or has reset the stream. */
  inputEnded = false
  /** The headers of the response are on their way. */
  headersSent = false
  /** Waits for its turn to send; owned by the connection. */
  queued = false
  /** The user can do nothing before the request is complete. */
  needsWholeRequest = false
  /** Bytes moved since `hasStalled` was asked the last time. */
  #moved = true
  #closed = false
  #resetByClient = false
  #out: Uint8Array[] = []
  #outBytes = 0
  #ending = false
  #trailers: Uint8Array | null = null
  #outputEnded = false
  #wantsDrain = false
  #paused = false
  #held: Buffer[] = []
  #endHeld = false

  constructor(id: number, host: StreamHost, sendWindow: number, receiveWindow: number) {
    this.id = id
    this.#host = host
    this.sendWindow = sendWindow
    this.receiveWindow = receiveWindow
  }

  /** Takes no more bytes and gives none: over, reset, or its connection is gone. */
  get closed(): boolean {
    return this.#closed
  }

  /** Everything was handed to the connection, and the client did not reset the stream before. */
  get handedOver(): boolean {
    return this.#outputEnded && !this.#resetByClient
  }

  /** Bytes that wait to be handed to the connection. */
  get pendingBytes(): number {
    return this.#outBytes
  }

  /** Sends the headers of the response. `endsStream`: nothing follows. */
  respond(block: Uint8Array, endsStream = false): void {
    if (this.#closed) return
    assert(!this.headersSent, 'a response has its headers once')
    this.headersSent = true
    this.#host.sendHeaders(this, block, endsStream)
    if (endsStream) this.#endOutput()
  }

  /** Queues bytes, which must not change any more. False: wait for `drained` before the next ones. */
  write(bytes: Uint8Array): boolean {
    if (this.#closed) return true
    assert(this.headersSent && !this.#ending, 'bytes come between headers and end')
    if (bytes.byteLength > 0) {
      if (this.#outBytes === 0) this.#moved = true
      this.#out.push(bytes)
      this.#outBytes += bytes.byteLength
      this.#host.wantsToSend(this)
    }
    this.#wantsDrain = this.#outBytes > 0
    return !this.#wantsDrain
  }

  /** Ends the response with trailers, behind what waits. `closed` follows when all was handed over. */
  end(trailers: Uint8Array): void {
    if (this.#closed) return
    assert(this.headersSent && !this.#ending, 'a response ends once, behind its headers')
    this.#ending = true
    this.#trailers = trailers
    this.#host.wantsToSend(this)
  }

  /** Ends the stream at once. What waits is lost. */
  reset(code: Http2Code): void {
    if (this.#closed) return
    this.#host.sendReset(this, code)
    this.close()
  }

  /** Nothing more of the request is handed to the user until `resume`. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    const held = this.#held
    this.#held = []
    for (const chunk of held) this.received(chunk)
    if (!this.#endHeld || this.#paused || this.#closed) return
    this.#endHeld = false
    this.user.inputEnded()
  }

  /** For the connection: bytes have come. */
  received(chunk: Buffer): void {
    this.#moved = true
    if (this.#closed) this.#host.consumed(this, chunk.byteLength)
    else this.#deliver(chunk)
  }

  /** For the connection: the client has sent everything. */
  receivedEnd(): void {
    if (this.inputEnded) return
    this.inputEnded = true
    if (this.#closed) return
    if (this.#paused) this.#endHeld = true
    else this.user.inputEnded()
  }

  /** For the connection: the client ended the stream. */
  receivedReset(): void {
    this.#resetByClient = true
    this.inputEnded = true
    this.close()
  }

  /** For the connection: the window changes by so much. False, and no change, beyond what a window may have. */
  widen(bytes: number): boolean {
    if (this.sendWindow + bytes > WINDOW_BYTES_MAX) return false
    this.sendWindow += bytes
    if (this.#outBytes > 0) this.#host.wantsToSend(this)
    return true
  }

  /** For the connection: the next bytes to send, at most `bytesMax`; `undefined` when there are none. */
  next(bytesMax: number): Uint8Array | undefined {
    const first = this.#out[0]
    if (first === undefined || bytesMax <= 0) return undefined
    this.#moved = true
    if (first.byteLength <= bytesMax) {
      this.#out.shift()
      this.#outBytes -= first.byteLength
      return first
    }
    this.#out[0] = first.subarray(bytesMax)
    this.#outBytes -= bytesMax
    return first.subarray(0, bytesMax)
  }

  /** For the connection: it waits for the client, and nothing moved since this was asked the last time. */
  hasStalled(): boolean {
    const moved = this.#moved
    this.#moved = false
    const waits = this.#outBytes > 0 || (this.needsWholeRequest && !this.inputEnded)
    return waits && !moved
  }

  /** For the connection: after it took what it could. Sends the trailers when nothing waits before them. */
  settle(): void {
    if (this.#closed || this.#outBytes > 0) return
    if (this.#ending && !this.#outputEnded && this.#trailers !== null) {
      this.#host.sendHeaders(this, this.#trailers, true)
      this.#endOutput()
    }
    if (this.#closed || !this.#wantsDrain) return
    this.#wantsDrain = false
    this.user.drained()
  }

  /** Ends it on this side without a word to the client. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#out = []
    this.#outBytes = 0
    const heldBytes = this.#held.reduce((sum, chunk) => sum + chunk.byteLength, 0)
    this.#held = []
    this.#host.forget(this, heldBytes)
    this.user.closed()
  }

  #deliver(chunk: Buffer): void {
    if (this.#paused) {
      this.#held.push(chunk)
      joinLast(this.#held)
      return
    }
    this.user.data(chunk)
    this.#host.consumed(this, chunk.byteLength)
  }

  /** The response is on its way. What the client still sends is not wanted: it is told to stop. */
  #endOutput(): void {
    this.#outputEnded = true
    if (!this.inputEnded) this.#host.sendReset(this, Http2Code.noError)
    this.close()
  }
}
