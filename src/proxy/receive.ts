/**
 * ReceiveMessage at the client's node: how long it waits, that an empty answer comes neither early nor late
 * whatever happens to the leader, and that messages which no client got go back at once.
 */
import { hash } from 'node:crypto'
import type { Clock } from '../base/ports.ts'
import type { CallContext, ServerStreamMethod, StreamReply } from '../rpc/service.ts'
import type { Admission } from './admission.ts'
import { type CallHead, REQUEST_KEY_BYTES } from './call-head.ts'
import { type Caller, callerOf, headOf } from './caller.ts'
import { ackRequests, receiveRequests } from './codecs.ts'
import { receiptHandleOf } from './deliver-message.ts'
import { durationMs } from '../rpc/durations.ts'
import { refusalReply } from './leader-calls.ts'
import { Patience } from './patience.ts'
import { pollingMs } from './polling.ts'
import { emptyItems, NO_NEW_MESSAGE, wishOf } from './receive-message.ts'
import type { RequestKeys } from './request-keys.ts'
import type { Router } from './router.ts'
import { isPassing, statusOf } from './status.ts'
import { statusReply } from './status-reply.ts'

/** The leader answers when the polling time is over; this much later the client's node does it itself. */
const BACKSTOP_MS = 30
/** An empty answer that comes too early is held back, and after this time asked for again. */
const AGAIN_MS = 20

const EMPTY_ITEM = Buffer.from(statusReply(NO_NEW_MESSAGE))

/** What receives work with. */
export interface ReceiveOptions {
  readonly router: Router
  readonly clock: Clock
  readonly admission: Admission
  readonly requestKeys: RequestKeys
  /** Gives claims back. Nothing waits for it. */
  release(head: CallHead, request: Uint8Array): void
  /** Messages that the leader renews were handed to their client. */
  handedOver(handles: readonly string[]): void
}

/** Answers with messages as soon as there are some, and otherwise with MESSAGE_NOT_FOUND at the polling time. */
export function receiveMethod(options: ReceiveOptions): ServerStreamMethod {
  return async (context, request) => {
    let head: CallHead | undefined
    try {
      const caller = callerOf(context)
      head = headOf(caller, 'receiveMessage', requestKeyOf(options, caller, request))
      const pollMs = pollMsOf(options, context, request, caller.clientVersion)
      const items = await receive(options, context, head, request, pollMs)
      return reply(options, head, items, receiveRequests.decode(request).autoRenew)
    } catch (error) {
      const items = refusalReply('receiveMessage', request, statusOf(error), options.clock.wall())
      return { items }
    }
  }
}

/**
 * A receive that is tried again under the attempt id of one whose answer was lost has the same key, so that it gets the
 * same messages (grpc-contract 6.6).
 */
function requestKeyOf({ requestKeys }: ReceiveOptions, caller: Caller, request: Uint8Array): Uint8Array {
  const { attemptId, group, messageQueue } = receiveRequests.decode(request)
  if (attemptId === undefined || attemptId === '') return requestKeys.next()
  const parts = [caller.clientId, group?.name ?? '', messageQueue?.topic?.name ?? '', attemptId]
  return hash('sha256', parts.join('\0'), 'buffer').subarray(0, REQUEST_KEY_BYTES)
}

/** Throws `Refusal` for what no receive may ask, before anything waits. */
function pollMsOf(
  { clock }: ReceiveOptions,
  context: CallContext,
  request: Uint8Array,
  clientVersion: string,
): number {
  const wish = receiveRequests.decode(request)
  const askedMs = durationMs(wish.longPollingTimeout)
  const remainingMs = context.deadlineMono - clock.mono()
  const polling = pollingMs({ askedMs, remainingMs, clientVersion })
  wishOf(wish)
  return polling
}

/** The items of the answer. Throws what is no matter of leadership. */
async function receive(
  options: ReceiveOptions,
  context: CallContext,
  head: CallHead,
  request: Uint8Array,
  pollMs: number,
): Promise<readonly Uint8Array[]> {
  const { clock } = options
  const pollUntilMono = clock.mono() + pollMs
  const patience = new Patience(clock, pollUntilMono + BACKSTOP_MS, context.signal)
  try {
    for (;;) {
      const items = await attempt(options, head, request, patience)
      if (!isEmpty(items)) return items
      const leftMs = pollUntilMono - clock.mono()
      if (leftMs > 0) await clock.sleep(Math.min(leftMs, AGAIN_MS), context.signal)
      if (clock.mono() >= pollUntilMono) return emptyItems(clock.wall())
    }
  } catch (error) {
    // An interrupted receive ends empty, not with an error (grpc-contract 4.5).
    if (isPassing(error) || context.signal.aborted) return emptyItems(clock.wall())
    throw error
  } finally {
    patience.close()
  }
}

function attempt(
  { router, admission }: ReceiveOptions,
  head: CallHead,
  request: Uint8Array,
  patience: Patience,
): Promise<readonly Uint8Array[]> {
  return router.call({
    head,
    request,
    patience,
    reserveMs: BACKSTOP_MS,
    admission,
    repeatable: true,
    abortable: true,
  })
}

function isEmpty(items: readonly Uint8Array[]): boolean {
  return items[0] !== undefined && EMPTY_ITEM.equals(items[0])
}

/** Messages that surely never left for the client are given back; the others wait for their invisible time. */
function reply(
  options: ReceiveOptions,
  head: CallHead,
  items: readonly Uint8Array[],
  autoRenew: boolean,
): StreamReply {
  if (items.length <= 2) return { items }
  return {
    items,
    onDelivered: () => {
      if (autoRenew) options.handedOver(handlesOf(items))
    },
    onLost: (itemsWritten) => {
      const handles = handlesOf(items.slice(itemsWritten))
      if (handles.length === 0) return
      const entries = handles.map((receiptHandle) => ({ receiptHandle }))
      const key = options.requestKeys.next()
      options.release({ ...head, method: 'release', requestKey: key }, ackRequests.encode({ entries }))
    },
  }
}

function handlesOf(items: readonly Uint8Array[]): string[] {
  return items.map(receiptHandleOf).filter((handle) => handle !== undefined)
}
