/**
 * The calls that wait on one outgoing connection. Many are under way at a time; answers come in any order and
 * are matched by number. Every call ends exactly once: by its answer, its time, its signal, or the connection.
 */
import { BrokerError } from '../../base/errors.ts'
import type { Clock } from '../../base/ports.ts'
import { REQUESTS_WAITING_MAX } from '../../base/limits.ts'
import type { CallOptions } from './api.ts'
import { callHead, numberHead, readError, readReply } from './call-codec.ts'
import type { Connection } from './connection.ts'
import { FrameError, FrameKind } from './frame-codec.ts'

const NUMBER_END = 0x1_0000_0000

interface Waiting {
  readonly kind: number
  readonly resolve: (reply: Uint8Array) => void
  readonly reject: (error: BrokerError) => void
  readonly cancelTimer: () => void
  readonly signal: AbortSignal | undefined
  readonly onAbort: () => void
}

export class CallClient {
  readonly #connection: Connection
  readonly #clock: Clock
  readonly #waiting = new Map<number, Waiting>()
  #last = 0

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
  }

  /** See `PeerTransport.call`. */
  call(kind: number, body: readonly Uint8Array[], options: CallOptions): Promise<Uint8Array> {
    const { signal } = options
    if (signal?.aborted === true) return Promise.reject(cancelled('none'))
    if (this.#waiting.size >= REQUESTS_WAITING_MAX) {
      return Promise.reject(new BrokerError('BUSY', 'too many calls wait for this member'))
    }
    const number = this.#nextNumber()
    const chunks = [callHead(number, kind), ...body]
    if (!this.#connection.send(FrameKind.call, chunks, chunks.length)) {
      return Promise.reject(new BrokerError('BUSY', 'too many bytes wait for this member'))
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#giveUp(number, cancelled('unknown'))
      const cancelTimer = this.#clock.timer(options.timeoutMs, () => {
        this.#giveUp(
          number,
          new BrokerError('TIMEOUT', 'the member did not answer in time', { outcome: 'unknown' }),
        )
      })
      this.#waiting.set(number, { kind, resolve, reject, cancelTimer, signal, onAbort })
      signal?.addEventListener('abort', onAbort)
    })
  }

  /** A frame of the connection. Throws `FrameError` when it may not come here. */
  frame(kind: number, body: Uint8Array): void {
    if (kind === FrameKind.callReply) {
      const { number, reply } = readReply(body)
      this.#take(number)?.resolve(reply)
    } else if (kind === FrameKind.callError) {
      const { number, error } = readError(body)
      this.#take(number)?.reject(error)
    } else throw new FrameError(`frame kind ${kind} may not come on a connection for calls`)
  }

  /** Nobody waits for the calls of this kind any more; each ends with `NO_LEADER`, its outcome unknown. */
  abandon(kind: number, reason: string): void {
    for (const [number, waiting] of this.#waiting) {
      if (waiting.kind !== kind) continue
      this.#giveUp(number, new BrokerError('NO_LEADER', reason, { outcome: 'unknown' }))
    }
  }

  /** The connection is gone: nobody knows what became of the calls. */
  ended(error: BrokerError): void {
    for (const number of this.#waiting.keys()) this.#take(number)?.reject(error)
  }

  #giveUp(number: number, error: BrokerError): void {
    const waiting = this.#take(number)
    if (waiting === undefined) return
    const chunks = [numberHead(number)]
    this.#connection.send(FrameKind.callCancel, chunks, 1)
    waiting.reject(error)
  }

  /** Takes out a call; `undefined` for one that was given up before its answer came. */
  #take(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number)
    if (waiting === undefined) return undefined
    this.#waiting.delete(number)
    waiting.cancelTimer()
    waiting.signal?.removeEventListener('abort', waiting.onAbort)
    return waiting
  }

  #nextNumber(): number {
    do this.#last = (this.#last + 1) % NUMBER_END
    while (this.#waiting.has(this.#last))
    return this.#last
  }
}

function cancelled(outcome: 'none' | 'unknown'): BrokerError {
  return new BrokerError('CANCELLED', 'the call was cancelled', { outcome })
}
