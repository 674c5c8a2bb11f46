/** A call with one request and a response of several messages, written no faster than the client reads. */
import type { HeaderList } from '../http2/header-field.ts'
import type { Stream } from '../http2/stream.ts'
import { type CallHost, type Ends, SingleRequestCall } from './call.ts'
import { chunksOf } from './framing.ts'
import type { ServerStreamMethod, StreamReply } from './service.ts'

/** Runs a server-streaming method on a stream. */
export class ServerStreamCall extends SingleRequestCall {
  readonly #handle: ServerStreamMethod
  /** Ends the wait for the client. */
  #wake: (() => void) | undefined

  constructor(handle: ServerStreamMethod, host: CallHost, ends: Ends, stream: Stream, headers: HeaderList) {
    super(host, ends, stream, headers)
    this.#handle = handle
  }

  protected run(request: Buffer): void {
    void this.#handle(this, request)
      .then((reply) => this.#deliver(reply))
      .catch((error: unknown) => this.fail(error))
  }

  async #deliver(reply: StreamReply): Promise<void> {
    const written = await this.#write(reply.items)
    if (written === 'all') reply.onDelivered?.()
    else reply.onLost?.(written)
  }

  /** Resolves with `all` once everything was handed to the connection, or with the items until it broke. */
  async #write(items: readonly Uint8Array[]): Promise<'all' | number> {
    if (this.ended) return 0
    this.respond()
    let written = 0
    for (const chunk of chunksOf(items)) {
      const room = this.stream.write(chunk.bytes)
      written += chunk.messages
      if (!room) await this.#handedOn()
      if (this.gone) return written
    }
    this.finish()
    if (!this.gone) await this.#handedOn()
    return this.handedOver ? 'all' : written
  }

  override drained(): void {
    this.#wake?.()
  }

  override closed(): void {
    super.closed()
    this.#wake?.()
  }

  /** Waits until what was written is handed to the connection, or for the end of the stream. */
  #handedOn(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = (): void => {
        this.#wake = undefined
        resolve()
      }
    })
  }
}
