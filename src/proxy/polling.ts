/**
 * How long an empty receive waits (grpc-contract 6.1, RocketMQ `ReceiveMessageActivity`), with two rules of
 * our own: a time shorter than RocketMQ's least is kept, and the answer always leaves the client time to get
 * it, because one official client sets its deadline to the polling time itself and another one connects
 * within it. So a near deadline shortens the wait, where RocketMQ refuses.
 *
 * Pure.
 */
import { ANSWER_BEFORE_DEADLINE_MS, POLLING_MS_MAX, POLLING_MS_MIN } from '../base/limits.ts'
import { Code } from '../rpc/apache-enums.ts'
import { refuse } from './refusal.ts'

/** Half the request timeout of the official clients: what a client that names no polling time keeps back. */
const REQUEST_TIMEOUT_HALF_MS = 1500
/** Clients before this version know no ILLEGAL_POLLING_TIME. Compared as text, as RocketMQ does. */
const POLLING_CODE_SINCE = '5.0.3'

/** What decides how long an empty receive waits. */
export interface PollingQuestion {
  /** `long_polling_timeout` of the request; `undefined` when it has none. */
  readonly askedMs: number | undefined
  /** Until the client's deadline; Infinity without one. */
  readonly remainingMs: number
  readonly clientVersion: string
}

/**
 * Milliseconds until an empty answer is due. Throws `Refusal` ILLEGAL_POLLING_TIME (BAD_REQUEST for old
 * clients) when the polling time is not short and the deadline leaves no time to wait.
 */
export function pollingMs({ askedMs, remainingMs, clientVersion }: PollingQuestion): number {
  const wanted =
    askedMs === undefined
      ? Math.max(POLLING_MS_MIN, remainingMs - REQUEST_TIMEOUT_HALF_MS)
      : Math.max(0, askedMs)
  const polling = Math.min(wanted, POLLING_MS_MAX)
  if (polling >= POLLING_MS_MIN && remainingMs <= ANSWER_BEFORE_DEADLINE_MS) {
    const old = clientVersion < POLLING_CODE_SINCE
    refuse(
      old ? Code.BAD_REQUEST : Code.ILLEGAL_POLLING_TIME,
      `the deadline is in ${Math.trunc(remainingMs)} ms, before the polling time of ${polling} ms is over`,
    )
  }
  return Math.max(0, Math.min(polling, remainingMs - ANSWER_BEFORE_DEADLINE_MS))
}
