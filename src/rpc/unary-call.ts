/** A call with one request and one response. */
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { type CallHost, type Ends, SingleRequestCall } from './call.ts'
import { framed } from './framing.ts'
import type { UnaryMethod } from './service.ts'

/** Runs a unary method on a stream. */
export class UnaryCall extends SingleRequestCall {
  readonly #handle: UnaryMethod

  constructor(
    handle: UnaryMethod,
    host: CallHost,
    ends: Ends,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
  ) {
    super(host, ends, stream, headers)
    this.#handle = handle
  }

  protected run(request: Buffer): void {
    void this.#handle(this, request).then(
      (response) => this.#answer(response),
      (error: unknown) => this.fail(error),
    )
  }

  #answer(response: Uint8Array): void {
    if (this.ended) return
    this.respond()
    this.finish(framed(response))
  }
}
