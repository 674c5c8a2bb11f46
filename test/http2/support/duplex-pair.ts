/** Two ends of a connection in memory. */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

class End extends Duplex {
  other: End | undefined
  #blocked: (() => void) | undefined

  override _read(): void {
    const blocked = this.other?.unblock()
    blocked?.()
  }

  /** Takes what waits for this end's bytes to be read. */
  unblock(): (() => void) | undefined {
    const blocked = this.#blocked
    this.#blocked = undefined
    return blocked
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.other?.push(chunk) === true) setImmediate(done)
    else this.#blocked = done
  }

  override _final(done: () => void): void {
    this.other?.push(null)
    done()
  }
}

export function duplexPair(): [client: Socket, server: Socket] {
  const client = new End({ allowHalfOpen: false })
  const server = new End({ allowHalfOpen: false })
  client.other = server
  server.other = client
  return [client as unknown as Socket, server as unknown as Socket]
}
