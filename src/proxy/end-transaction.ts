/**
 * EndTransaction at the leader (grpc-contract 7.4). Whoever knows the transaction id may end the transaction, at any
 * time while it is open. A resolution that is not specified leaves it open: it is checked again when that is due.
 */
import { parseTransactionId } from '../broker/machine/transaction-id.ts'
import { Code, TransactionResolution } from '../rpc/apache-enums.ts'
import { endTransactionRequests } from './codecs.ts'
import type { LeaderPart } from './leader-context.ts'
import { checkTopic } from './names.ts'
import { refuse } from './refusal.ts'
import { OK } from './status.ts'
import { statusReply } from './status-reply.ts'

const OK_REPLY = statusReply(OK)

/** The leader part. Throws `Refusal` and INVALID_TRANSACTION_ID. */
export const endTransaction: LeaderPart = async ({ operations }, _head, request) => {
  const wish = endTransactionRequests.decode(request)
  const topic = checkTopic(wish.topic?.name)
  if (wish.transactionId.trim() === '') refuse(Code.INVALID_TRANSACTION_ID, 'transaction id cannot be blank')
  const id = parseTransactionId(wish.transactionId)
  if (id === undefined) refuse(Code.INVALID_TRANSACTION_ID, 'the transaction id is none of this broker')
  switch (wish.resolution) {
    case TransactionResolution.COMMIT:
      await operations.endTransaction({ topic, id, resolution: 'commit' })
      return [OK_REPLY]
    case TransactionResolution.ROLLBACK:
      await operations.endTransaction({ topic, id, resolution: 'rollback' })
      return [OK_REPLY]
    default:
      return [OK_REPLY]
  }
}
