/**
 * A call with messages in both directions. What comes in waits in a bounded queue; what goes out to a
 * client that does not read is cut off at a limit.
 */
import type { HeaderList } from '../http2/header-field.ts'
import { Http2Code } from '../http2/protocol.ts'
import type { Stream } from '../http2/stream.ts'
import { Call, type CallHost, type Ends } from './call.ts'
import { framed, MessageReader } from './framing.ts'
import { type BidiMethod, type BidiStream, GrpcCode, GrpcFailure } from './service.ts'

/** The client is not read from while so many of its messages or bytes wait. */
const WAITING_MESSAGES_MAX = 64
const WAITING_BYTES_MAX = 1024 * 1024
/** A client that leaves so many bytes unread loses its stream. */
const PENDING_BYTES_MAX = 8 * 1024 * 1024

/** Runs a bidirectional method on a stream. */
export class BidiCall extends Call implements BidiStream {
  readonly #handle: BidiMethod
  readonly #reader: MessageReader
  #waiting: Buffer[] = []
  #wake: (() => void) | undefined
  #over = false
  readonly #onClose: (call: BidiCall) => void

  /** `onClose` is called when the stream is over. */
  constructor(
    handle: BidiMethod,
    host: CallHost,
    ends: Ends,
    stream: Stream,
    headers: HeaderList,
    onClose: (call: BidiCall) => void,
  ) {
    super(host, ends, stream, headers)
    this.#handle = handle
    this.#reader = new MessageReader(host.requestBytesMax)
    this.#onClose = onClose
  }

  /** Answers with headers and starts the handler at once, before the first message. */
  open(): void {
    this.start()
    if (this.ended) return
    this.respond()
    void this.#run().then(
      () => this.end(),
      (error: unknown) => {
        this.fail(error)
        this.#stop()
      },
    )
  }

  /** What a handler throws at once ends the call like what it throws later. */
  async #run(): Promise<void> {
    await this.#handle(this, this)
  }

  send(bytes: Uint8Array): boolean {
    if (this.ended) return false
    this.stream.write(framed(bytes))
    if (this.stream.pendingBytes <= PENDING_BYTES_MAX) return true
    this.stream.reset(Http2Code.enhanceYourCalm)
    return false
  }

  end(): void {
    if (!this.ended) this.finish()
    this.#stop()
  }

  override closed(): void {
    super.closed()
    this.#stop()
    this.#onClose(this)
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Buffer> {
    for (;;) {
      const message = this.#waiting.shift()
      if (message !== undefined) {
        if (this.#waiting.length === 0) this.stream.resume()
        yield message
      } else if (this.#over) {
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }

  protected take(chunk: Buffer): void {
    if (this.#over) return
    this.#waiting.push(...this.#reader.push(chunk))
    const bytes = this.#waiting.reduce((sum, message) => sum + message.byteLength, 0)
    if (this.#waiting.length > WAITING_MESSAGES_MAX || bytes > WAITING_BYTES_MAX) this.stream.pause()
    this.#wake?.()
  }

  protected half(): void {
    this.#stop()
    if (!this.#reader.atBorder) throw new GrpcFailure(GrpcCode.INTERNAL, 'the stream ended inside a message')
  }

  /** No more messages come: iterating ends after those that wait. */
  #stop(): void {
    this.#over = true
    this.#wake?.()
  }
}
