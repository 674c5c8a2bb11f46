/** ChangeInvisibleDuration at the leader (grpc-contract 7.2): put a delivery off, or make it visible now. */
import { INVISIBLE_MS_MAX } from '../base/limits.ts'
import { encodeReceiptHandle, parseReceiptHandle } from '../broker/machine/receipt-handle.ts'
import { Code } from '../rpc/apache-enums.ts'
import { changeRequests, changeResponses, readable } from './codecs.ts'
import { durationMs } from '../rpc/durations.ts'
import type { LeaderPart } from './leader-context.ts'
import { checkGroup, checkTopic } from './names.ts'
import { refuse } from './refusal.ts'
import { OK, type ClientStatus } from './status.ts'
import { statusReply } from './status-reply.ts'

/** The leader part: answers with the handle to use from now on. Throws `Refusal` INVALID_RECEIPT_HANDLE and others. */
export const changeInvisible: LeaderPart = async ({ operations, view }, head, request) => {
  const wish = changeRequests.decode(request)
  checkTopic(wish.topic?.name)
  const group = checkGroup(wish.group?.name)
  const invisibleMs = durationMs(wish.invisibleDuration) ?? 0
  if (invisibleMs < 0 || invisibleMs > INVISIBLE_MS_MAX) {
    refuse(Code.ILLEGAL_INVISIBLE_TIME, `the invisible time must be 0 to ${INVISIBLE_MS_MAX} ms`)
  }
  const receipt = parseReceiptHandle(wish.receiptHandle)
  if (receipt === undefined) return refuse(Code.INVALID_RECEIPT_HANDLE, 'the receipt handle is not readable')
  if (receipt.groupId !== view.group(group)?.id) {
    // A member that was deposed may not know the group: then this throws.
    await operations.confirmAbsent()
    if (receipt.groupId !== view.group(group)?.id) {
      refuse(Code.INVALID_RECEIPT_HANDLE, 'the receipt handle is not one of this group')
    }
  }
  const { requestKey, clientId } = head
  const changed = await operations.changeInvisible({ requestKey, clientId, receipt, invisibleMs })
  if (!changed.valid) {
    refuse(Code.INVALID_RECEIPT_HANDLE, 'the receipt handle is not of the current delivery, or has expired')
  }
  return [changeResponses.encode({ status: OK, receiptHandle: encodeReceiptHandle(changed.receipt) })]
}

/** The answer to what was refused: three official clients take the handle whatever the status says. */
export function changeRefusal(request: Uint8Array, status: ClientStatus): Uint8Array {
  const wish = readable(changeRequests, request)
  if (wish === undefined) return statusReply(status)
  return changeResponses.encode({ status, receiptHandle: wish.receiptHandle })
}
