/**
 * Brings calls to the leader, wherever it is, and stays with them through a change of leader: the same bytes
 * under the same request key, so that what had happened already does not happen again.
 */
import { BrokerError } from '../base/errors.ts'
import type { Clock } from '../base/ports.ts'
import type { Admission } from './admission.ts'
import type { CallHead } from './call-head.ts'
import type { Cluster } from './cluster.ts'
import { OutOfTime, type Patience } from './patience.ts'
import { isPassing } from './status.ts'

/** Runs a call's leader part on this node. */
export type RunHere<Head = CallHead, Request = Uint8Array, Reply = readonly Uint8Array[]> = (
  head: Head,
  request: Request,
  signal: AbortSignal,
) => Promise<Reply>

/** What a router needs to know of a call's head and of its request. */
interface RoutedHead {
  readonly method: string
  readonly remainingMs: number
}
interface Sized {
  readonly byteLength: number
}

/** What a router works with. */
export interface RouterOptions<Head = CallHead, Request = Uint8Array, Reply = readonly Uint8Array[]> {
  readonly cluster: Cluster<Head, Request, Reply>
  readonly runHere: RunHere<Head, Request, Reply>
  readonly clock: Clock
}

/** A call on its way. */
export interface RoutedCall<Head = CallHead, Request = Uint8Array> {
  readonly head: Head
  readonly request: Request
  readonly patience: Patience
  /** The leader is told so much less than the time that is left here. */
  readonly reserveMs: number
  /** Where the call counts until it and everything that it started is over. */
  readonly admission: Admission
  /** Repeating the call after an unknown outcome does no harm. */
  readonly repeatable: boolean
  /** The leader part is told when the call's time is over. Costs something, so only for calls that wait there. */
  readonly abortable: boolean
}

const PAUSE_MS_FIRST = 20
const PAUSE_MS_MAX = 500
const NEVER_ABORTED = new AbortController().signal

/** Owns no call: each is over when its promise is settled, but for the memory that `admission` still counts. */
export class Router<
  Head extends RoutedHead = CallHead,
  Request extends Sized = Uint8Array,
  Reply = readonly Uint8Array[],
> {
  readonly #options: RouterOptions<Head, Request, Reply>

  constructor(options: RouterOptions<Head, Request, Reply>) {
    this.#options = options
  }

  /**
   * The bytes of each response message. Throws BUSY when too many calls are under way, TIMEOUT with the
   * outcome so far when the time is over, and what the leader part throws if that is no matter of leadership.
   */
  async call(call: RoutedCall<Head, Request>): Promise<Reply> {
    const bytes = call.request.byteLength
    call.admission.enter(bytes)
    const attempts: Attempts = { unknown: false, running: undefined }
    try {
      return await this.#attempt(call, attempts)
    } finally {
      const leave = (): void => call.admission.leave(bytes)
      // What was started and not waited for still holds its memory.
      if (attempts.running === undefined) leave()
      else void attempts.running.then(leave, leave)
    }
  }

  async #attempt(call: RoutedCall<Head, Request>, attempts: Attempts): Promise<Reply> {
    const { patience } = call
    for (let pauseMs = PAUSE_MS_FIRST; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
      if (patience.over !== undefined) throw this.#overdue(call, attempts, patience.over)
      const nobody = this.#options.cluster.leaderPlace() === 'nobody'
      if (!nobody) {
        try {
          const running = this.#start(call)
          attempts.running = running
          const reply = await patience.wait(running)
          attempts.running = undefined
          return reply
        } catch (error) {
          this.#judge(call, attempts, error)
        }
      }
      await this.#change(call, nobody ? Number.POSITIVE_INFINITY : pauseMs)
    }
  }

  #start({ head, request, patience, reserveMs, abortable }: RoutedCall<Head, Request>): Promise<Reply> {
    const remainingMs = Math.max(0, Math.ceil(patience.remainingMs() - reserveMs))
    const sent = { ...head, remainingMs }
    if (this.#options.cluster.leaderPlace() === 'here') {
      return this.#options.runHere(sent, request, abortable ? patience.signal : NEVER_ABORTED)
    }
    return this.#options.cluster.callLeader(sent, request, patience.signal)
  }

  /** Returns when the call is worth another try; otherwise throws what its client is to be told. */
  #judge(call: RoutedCall<Head, Request>, attempts: Attempts, error: unknown): void {
    const { over } = call.patience
    if (over !== undefined && error === over) {
      // The attempt was under way: it may have done its work.
      attempts.unknown = true
      throw this.#overdue(call, attempts, over)
    }
    attempts.running = undefined
    if (!isPassing(error)) throw error
    if (error.outcome === 'unknown') {
      attempts.unknown = true
      if (!call.repeatable) throw error
    }
  }

  #overdue(call: RoutedCall<Head, Request>, attempts: Attempts, over: BrokerError): BrokerError {
    const outcome = attempts.unknown ? 'unknown' : 'none'
    const nobody = this.#options.cluster.leaderPlace() === 'nobody'
    const message = attempts.unknown
      ? 'the request was not confirmed in time'
      : nobody
        ? 'no leader was elected in time, nothing was done'
        : 'the leader was not reached in time, nothing was done'
    const code = over instanceof OutOfTime && nobody ? 'NO_LEADER' : over.code
    return new BrokerError(code, `${call.head.method}: ${message}`, { outcome, cause: over })
  }

  /** Waits for a change of leadership, at most so long, and not beyond the call's time. */
  async #change({ patience }: RoutedCall<Head, Request>, pauseMs: number): Promise<void> {
    const { cluster, clock } = this.#options
    const aborter = new AbortController()
    const cancelTimer = Number.isFinite(pauseMs) ? clock.timer(pauseMs, () => aborter.abort()) : undefined
    const change = cluster.leaderChange(aborter.signal)
    try {
      await patience.wait(change)
    } catch (error) {
      // Its own signal's end and the end of the call's time are seen by the caller; nothing else comes.
      if (!aborter.signal.aborted && patience.over === undefined) throw error
    } finally {
      cancelTimer?.()
      aborter.abort()
    }
  }
}

/** What is known of the tries so far. */
interface Attempts {
  /** One of them may have done its work. */
  unknown: boolean
  /** The one that is not over. */
  running: Promise<unknown> | undefined
}
