/**
 * A call with one request and a response that goes on: written message by message, no faster than the client
 * reads, for as long as the handler likes.
 */
import { BrokerError } from '../base/errors.ts'
import type { HeaderList } from '../http2/header-field.ts'
import type { Stream } from '../http2/stream.ts'
import { type CallHost, type Ends, SingleRequestCall } from './call.ts'
import { framed } from './framing.ts'
import type { Flow, FlowMethod } from './service.ts'
import { failureOf } from './status.ts'

/** Runs a method whose response goes on. */
export class FlowCall extends SingleRequestCall implements Flow {
  readonly #handle: FlowMethod
  readonly #over = new AbortController()
  readonly #onClose: (call: FlowCall) => void
  /** Ends the wait for the client. */
  #wake: (() => void) | undefined

  /** `onClose` is called when the stream is over. */
  constructor(
    handle: FlowMethod,
    host: CallHost,
    ends: Ends,
    stream: Stream,
    headers: HeaderList,
    onClose: (call: FlowCall) => void,
  ) {
    super(host, ends, stream, headers)
    this.#handle = handle
    this.#onClose = onClose
  }

  /** Aborts when nothing more can be sent. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  async send(bytes: Uint8Array): Promise<boolean> {
    if (this.ended) return false
    if (!this.stream.write(framed(bytes))) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return !this.ended
  }

  /** The server stops: the response breaks off, which the client can tell from its end. */
  end(): void {
    this.fail(failureOf(new BrokerError('CLOSED', 'the member stops; go on at another one')))
    this.#stop()
  }

  override drained(): void {
    this.#wake?.()
  }

  override closed(): void {
    super.closed()
    this.#stop()
    this.#onClose(this)
  }

  protected run(request: Buffer): void {
    const { signal } = this
    signal.addEventListener('abort', () => this.#giveUp(signal.reason), { once: true })
    this.respond()
    void this.#serve(request)
  }

  async #serve(request: Buffer): Promise<void> {
    try {
      await this.#handle(this, request, this)
      if (!this.ended) this.finish()
    } catch (error) {
      this.fail(error)
    } finally {
      this.#stop()
    }
  }

  /** The deadline has passed or the client is gone. */
  #giveUp(reason: unknown): void {
    if (reason instanceof BrokerError) this.fail(failureOf(reason))
    this.#stop()
  }

  #stop(): void {
    this.#over.abort()
    this.#wake?.()
  }
}
