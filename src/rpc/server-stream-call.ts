/** A call with one request and a response of several messages, written no faster than the client reads. */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { type CallHost, type Ends, SingleRequestCall } from './call.ts'
import { chunksOf } from './framing.ts'
import type { ServerStreamMethod, StreamReply } from './service.ts'

/** A client that reads nothing for so long loses its stream. */
const STALL_MS_MAX = 30_000

/** Runs a server-streaming method on a stream. */
export class ServerStreamCall extends SingleRequestCall {
  readonly #handle: ServerStreamMethod

  constructor(
    handle: ServerStreamMethod,
    host: CallHost,
    ends: Ends,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
  ) {
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
      if (!room) await this.#until('drain')
      if (this.gone) return written
    }
    const finished = this.#until('finish')
    this.finish()
    await finished
    return this.handedOver ? 'all' : written
  }

  /** Waits for an event of the stream, for its end, or for the patience to be over, which ends the stream. */
  #until(event: 'drain' | 'finish'): Promise<void> {
    return new Promise((resolve) => {
      const cut = (): void => {
        this.stream.close(constants.NGHTTP2_CANCEL)
        // A stream that its client has reset with NO_ERROR is closed already, and never ends by itself.
        this.stream.destroy()
      }
      const disarm = this.host.clock.timer(STALL_MS_MAX, cut)
      const done = (): void => {
        disarm()
        this.stream.removeListener(event, done)
        this.stream.removeListener('close', done)
        resolve()
      }
      this.stream.on(event, done)
      this.stream.on('close', done)
    })
  }
}
