/**
 * The time that one call has. It gives up what the call waits for when the time is over, or when the client
 * is gone.
 */
import { BrokerError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'

/** Thrown into whatever a call waits for when its time is over. */
export class OutOfTime extends BrokerError {
  constructor() {
    super('TIMEOUT', 'the time for the request is over')
    this.name = 'OutOfTime'
  }
}

/** Closed by its maker. */
export class Patience {
  readonly #clock: Clock
  readonly #dueMono: number
  readonly #client: AbortSignal | undefined
  readonly #cancelTimer: () => void
  #aborter: AbortController | undefined
  #over: BrokerError | undefined
  #giveUp: ((reason: BrokerError) => void) | undefined

  /** `client` aborts when the client is gone; without it the call is waited for to its end. */
  constructor(clock: Clock, dueMono: number, client?: AbortSignal) {
    this.#clock = clock
    this.#dueMono = dueMono
    this.#client = client
    this.#cancelTimer = clock.timer(Math.max(0, dueMono - clock.mono()), () => this.#end(new OutOfTime()))
    if (client?.aborted === true) this.#clientGone()
    else client?.addEventListener('abort', this.#clientGone, { once: true })
  }

  /** What ended the call's time; `undefined` while there is some left. */
  get over(): BrokerError | undefined {
    return this.#over
  }

  /** Milliseconds that are left, 0 or more. */
  remainingMs(): number {
    return Math.max(0, this.#dueMono - this.#clock.mono())
  }

  /** Aborts when the time is over. Made when it is first asked for: most calls need none. */
  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController()
      if (this.#over !== undefined) this.#aborter.abort(this.#over)
    }
    return this.#aborter.signal
  }

  /** What `promise` settles to, or a rejection when the time is over before. One at a time. */
  wait<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      promise.then(resolve, reject)
      if (this.#over === undefined) this.#giveUp = reject
      else reject(this.#over)
    })
  }

  /** Ends the call's time now, for example because the node stops. */
  abandon(): void {
    this.#end(new BrokerError('CLOSED', 'the node stops'))
  }

  close(): void {
    this.#giveUp = undefined
    this.#cancelTimer()
    this.#client?.removeEventListener('abort', this.#clientGone)
  }

  readonly #clientGone = (): void => this.#end(new BrokerError('CANCELLED', 'the client is gone'))

  #end(reason: BrokerError): void {
    if (this.#over !== undefined) return
    this.#over = reason
    this.#aborter?.abort(reason)
    this.#giveUp?.(reason)
  }
}
