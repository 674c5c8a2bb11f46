/** AckMessage at the leader (grpc-contract 7.1). Each entry has its own status; a repeat is OK. */
import { BATCH_MESSAGES_MAX } from '../base/limits.ts'
import type { Receipt } from '../broker/machine/commands.ts'
import { parseReceiptHandle } from '../broker/machine/receipt-handle.ts'
import { Code } from '../rpc/apache-enums.ts'
import type { AckMessageRequest } from '../rpc/apache-service.ts'
import { ackRequests, ackResponses, readable } from './codecs.ts'
import type { LeaderPart } from './leader-context.ts'
import { checkGroup, checkTopic } from './names.ts'
import { refuse } from './refusal.ts'
import { commonStatus, OK, type ClientStatus } from './status.ts'
import { statusReply } from './status-reply.ts'

const INVALID: ClientStatus = {
  code: Code.INVALID_RECEIPT_HANDLE,
  message: 'the receipt handle is not of the current delivery, or has expired',
}

/** The leader part: one status for each entry, in order. Throws `Refusal` for what no ack may ask. */
export const ackMessage: LeaderPart = async ({ operations, view }, head, request) => {
  const wish = ackRequests.decode(request)
  checkTopic(wish.topic?.name)
  const group = checkGroup(wish.group?.name)
  if (wish.entries.length === 0) refuse(Code.INTERNAL_SERVER_ERROR, 'no messages to acknowledge')
  if (wish.entries.length > BATCH_MESSAGES_MAX) {
    refuse(Code.PAYLOAD_TOO_LARGE, `at most ${BATCH_MESSAGES_MAX} messages are acknowledged at once`)
  }
  const groupId = view.group(group)?.id
  const receipts = wish.entries.map(({ receiptHandle }): Receipt | undefined => {
    const receipt = parseReceiptHandle(receiptHandle)
    return receipt?.groupId === groupId ? receipt : undefined
  })
  const { requestKey, clientId } = head
  const valid = await operations.ack({ requestKey, clientId, receipts })
  const statuses = wish.entries.map((_, i) => (valid[i] === true ? OK : INVALID))
  return [ackReply(wish, statuses, commonStatus(statuses))]
}

/** The answer when the whole request goes one way: clients look at the entries before the status above. */
export function ackRefusal(request: Uint8Array, status: ClientStatus): Uint8Array {
  const wish = readable(ackRequests, request)
  if (wish === undefined) return statusReply(status)
  const statuses = wish.entries.map(() => status)
  return ackReply(wish, statuses, status)
}

function ackReply(
  { entries }: AckMessageRequest,
  statuses: readonly ClientStatus[],
  status: ClientStatus,
): Uint8Array {
  return ackResponses.encode({
    status,
    entries: entries.map(({ messageId, receiptHandle }, i) => ({
      messageId,
      receiptHandle,
      status: statuses[i] ?? null,
    })),
  })
}
