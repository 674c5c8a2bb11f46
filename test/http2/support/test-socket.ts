/** A socket in memory: the test is its other end, and says when bytes move. */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

export class TestSocket extends Duplex {
  /** False keeps what is written in the socket, as for a client that does not read. */
  reading = true
  #sent: Buffer[] = []
  #blocked: (() => void) | undefined

  constructor() {
    super({ allowHalfOpen: false })
  }

  /** The type that users of a socket expect. */
  get asSocket(): Socket {
    return this as unknown as Socket
  }

  /** Everything that was sent since the last time. */
  taken(): Buffer {
    const bytes = Buffer.concat(this.#sent)
    this.#sent = []
    return bytes
  }

  /** Reads on after `reading` was false. */
  readOn(): void {
    this.reading = true
    const blocked = this.#blocked
    this.#blocked = undefined
    blocked?.()
  }

  override _read(): void {
    // Bytes come when the test pushes them.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#send([chunk], done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      done,
    )
  }

  #send(chunks: readonly Buffer[], done: () => void): void {
    this.#sent.push(...chunks.map((chunk) => Buffer.from(chunk)))
    if (this.reading) done()
    else this.#blocked = done
  }
}
