/**
 * PullMessage at the client's node: how long it may wait, and that the leader is asked again, wherever it is, as long
 * as there is time. An answer without messages means that the leader had none; that no leader could be asked is said.
 */
import { ANSWER_BEFORE_DEADLINE_MS, POLLING_MS_MAX } from '../base/limits.ts'
import type { Clock } from '../base/ports.ts'
import type { CallContext, ServerStreamMethod } from '../rpc/service.ts'
import type { Admission } from './admission.ts'
import { callerOf, headOf } from './caller.ts'
import { pullRequests } from './codecs.ts'
import { durationMs } from '../rpc/durations.ts'
import { Patience } from './patience.ts'
import { pullWishOf } from './pull-message.ts'
import type { RequestKeys } from './request-keys.ts'
import type { Router } from './router.ts'
import { statusOf } from './status.ts'
import { statusReply } from './status-reply.ts'

/** What the way to the leader and back may take beside the time that a pull waits for messages. */
const ANSWER_MS = 3_000

/** What pulls work with. */
export interface PullOptions {
  readonly router: Router
  readonly clock: Clock
  readonly admission: Admission
  readonly requestKeys: RequestKeys
}

/** Answers as soon as there are messages, and otherwise when the asked polling time is over; none is no time. */
export function pullMethod(options: PullOptions): ServerStreamMethod {
  const { router, clock, admission } = options
  return async (context, request) => {
    let patience: Patience | undefined
    try {
      const head = headOf(callerOf(context), 'pullMessage', options.requestKeys.next())
      const pollMs = pollMsOf(context, clock, request)
      patience = new Patience(clock, clock.mono() + pollMs + answerMs(context, clock, pollMs), context.signal)
      const reserveMs = Math.max(0, patience.remainingMs() - pollMs)
      const call = { head, request, patience, reserveMs, admission, repeatable: true, abortable: true }
      return { items: await router.call(call) }
    } catch (error) {
      return { items: [statusReply(statusOf(error))] }
    } finally {
      patience?.close()
    }
  }
}

/** Throws `Refusal` for what no pull may ask, before anything waits. */
function pollMsOf({ deadlineMono }: CallContext, clock: Clock, request: Uint8Array): number {
  const wish = pullRequests.decode(request)
  pullWishOf(wish)
  const asked = Math.max(0, durationMs(wish.longPollingTimeout) ?? 0)
  const left = deadlineMono - clock.mono() - 2 * ANSWER_BEFORE_DEADLINE_MS
  return Math.max(0, Math.min(asked, POLLING_MS_MAX, left))
}

/** How long the answer may take when the polling time is over, before the client's deadline. */
function answerMs({ deadlineMono }: CallContext, clock: Clock, pollMs: number): number {
  const left = deadlineMono - clock.mono() - pollMs
  return Math.max(0, Math.min(ANSWER_MS, left - Math.min(ANSWER_BEFORE_DEADLINE_MS, left / 2)))
}
