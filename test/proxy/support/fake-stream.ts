/** A two-way stream whose client is the test. */
import type { BidiStream } from '../../../src/rpc/service.ts'

export class FakeStream implements BidiStream {
  /** What the server has sent. */
  readonly sent: Uint8Array[] = []
  #waiting: Buffer[] = []
  #over = false
  #wake: () => void = () => undefined

  /** The client sends a message. */
  push(bytes: Uint8Array): void {
    this.#waiting.push(Buffer.from(bytes))
    this.#wake()
  }

  /** The client sends no more. */
  halfClose(): void {
    this.#over = true
    this.#wake()
  }

  send(bytes: Uint8Array): boolean {
    this.sent.push(bytes)
    return !this.#over
  }

  end(): void {
    this.halfClose()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Buffer> {
    for (;;) {
      const message = this.#waiting.shift()
      if (message !== undefined) yield message
      else if (this.#over) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
