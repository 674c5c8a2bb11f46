/** The leader parts of all calls, and the one way to run them: here, or for another node that forwards. */
import { ackMessage, ackRefusal } from './ack-message.ts'
import type { CallHead, LeaderMethod } from './call-head.ts'
import { changeInvisible, changeRefusal } from './change-invisible.ts'
import { clientSeen, contact, handedOver, heartbeat, notifyTermination, release } from './client-calls.ts'
import { endTransaction } from './end-transaction.ts'
import { forwardDead } from './forward-dead.ts'
import type { LeaderContext, LeaderPart } from './leader-context.ts'
import { getOffset, queryOffset, updateOffset } from './offset-calls.ts'
import { pullMessage } from './pull-message.ts'
import { queryAssignment } from './query-assignment.ts'
import { queryRoute } from './query-route.ts'
import { recallMessage } from './recall-message.ts'
import { receiveMessage, statusItems } from './receive-message.ts'
import { sendMessage } from './send-message.ts'
import { isPassing, statusOf, type ClientStatus } from './status.ts'
import { statusReply } from './status-reply.ts'

const PARTS: Readonly<Record<LeaderMethod, LeaderPart>> = {
  sendMessage,
  receiveMessage,
  ackMessage,
  changeInvisible,
  queryRoute,
  queryAssignment,
  heartbeat,
  notifyTermination,
  pullMessage,
  updateOffset,
  getOffset,
  queryOffset,
  forwardDead,
  recallMessage,
  endTransaction,
  contact,
  release,
  clientSeen,
  handedOver,
}

/**
 * Runs a call's leader part on this node and returns the bytes of each response message. What the call
 * itself did wrong is such a response too. Throws `BrokerError` only for what another try may mend: this
 * node does not lead, or no longer, or the outcome is unknown.
 */
export async function runLeaderCall(
  context: LeaderContext,
  head: CallHead,
  request: Uint8Array,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const { operations, clock } = context
  // A client that says goodbye is not seen once more.
  if (head.clientId !== '' && head.method !== 'notifyTermination') operations.clientSeen(head.clientId)
  try {
    return await PARTS[head.method](context, head, request, signal)
  } catch (error) {
    if (isPassing(error)) throw error
    return refusalReply(head.method, request, statusOf(error), clock.wall())
  }
}

/** The response messages that say nothing but why a call did not go well. */
export function refusalReply(
  method: LeaderMethod,
  request: Uint8Array,
  status: ClientStatus,
  nowMs: number,
): readonly Uint8Array[] {
  if (method === 'receiveMessage') return statusItems(status, nowMs)
  if (method === 'ackMessage') return [ackRefusal(request, status)]
  if (method === 'changeInvisible') return [changeRefusal(request, status)]
  return [statusReply(status)]
}
