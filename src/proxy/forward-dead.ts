/**
 * ForwardMessageToDeadLetterQueue at the leader (grpc-contract 7.3): a receiver gives a message up. Receivers ask
 * again until they hear that it is well, so a message that is over is well; one client sends no receipt handle.
 */
import { parseReceiptHandle } from '../broker/machine/receipt-handle.ts'
import { Code } from '../rpc/apache-enums.ts'
import { forwardRequests } from './codecs.ts'
import type { LeaderPart } from './leader-context.ts'
import { checkGroup, checkTopic } from './names.ts'
import { refuse } from './refusal.ts'
import { OK } from './status.ts'
import { statusReply } from './status-reply.ts'

const OK_REPLY = statusReply(OK)

/** Throws `Refusal` INVALID_RECEIPT_HANDLE and others. */
export const forwardDead: LeaderPart = async ({ operations, deadLetters, view }, head, request) => {
  const wish = forwardRequests.decode(request)
  const topic = checkTopic(wish.topic?.name)
  const group = checkGroup(wish.group?.name)
  const { receiptHandle, messageId } = wish
  const receipt = receiptHandle === '' ? undefined : parseReceiptHandle(receiptHandle)
  if (receiptHandle !== '' && receipt === undefined) {
    refuse(Code.INVALID_RECEIPT_HANDLE, 'the receipt handle is not readable')
  }
  if (receipt === undefined && messageId.trim() === '') {
    refuse(Code.ILLEGAL_MESSAGE_ID, 'the request names neither a receipt handle nor a message')
  }
  const isOfGroup = (): boolean => receipt === undefined || receipt.groupId === view.group(group)?.id
  // A member that was deposed may not know the group: then this throws.
  if (!isOfGroup() || view.group(group) === undefined) await operations.confirmAbsent()
  if (!isOfGroup()) refuse(Code.INVALID_RECEIPT_HANDLE, 'the receipt handle is not one of this group')
  const { requestKey, clientId } = head
  const valid = await deadLetters.forward({ requestKey, clientId, group, topic, receipt, messageId })
  if (!valid) {
    refuse(Code.INVALID_RECEIPT_HANDLE, 'the receipt handle is not of the current delivery, or has expired')
  }
  return [OK_REPLY]
}
