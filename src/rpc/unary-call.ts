/** A call with one request and one response. */
import type { HeaderList } from '../http2/header-field.ts'
import type { Stream } from '../http2/stream.ts'
import { type CallHost, type Ends, SingleRequestCall } from './call.ts'
import { framed } from './framing.ts'
import type { UnaryMethod } from './service.ts'

/** Runs a unary method on a stream. */
export class UnaryCall extends SingleRequestCall {
  readonly #handle: UnaryMethod

  constructor(handle: UnaryMethod, host: CallHost, ends: Ends, stream: Stream, headers: HeaderList) {
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
