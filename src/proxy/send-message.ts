/** SendMessage at the leader (grpc-contract 5): cut, store all or none, answer with the clients' own ids. */
import type { SendResult } from '../broker/leader-port.ts'
import { cutSendRequest } from './cut-message.ts'
import type { LeaderContext, LeaderPart } from './leader-context.ts'
import { encodeRecallHandle } from './recall-handle.ts'
import { OK } from './status.ts'
import { statusBytes } from './status-reply.ts'
import { WireWriter } from './wire-writer.ts'

const OK_BYTES = statusBytes(OK)
const NO_RESULT: Partial<SendResult> = {}

// Used again for each answer: writing is synchronous and what was written is copied out.
const reply = new WireWriter(1024)
const entry = new WireWriter(512)

/** The leader part. Throws `Refusal` for the first rule that is broken; then nothing of the request is stored. */
export const sendMessage: LeaderPart = async (context, head, request) => {
  const { chunks, messageIds, ...cut } = cutSendRequest(
    request,
    head.clientId,
    context.clock.wall(),
    context.delayMsMax,
    context.checkAfterMs,
  )
  const results = await context.operations.send({ ...cut, messages: chunks })
  return [sendReply(context, cut.topic, messageIds, results)]
}

/** `SendMessageResponse`: one entry for each message. */
function sendReply(
  { view, brokerName }: LeaderContext,
  topic: string,
  messageIds: readonly Uint8Array[],
  results: readonly SendResult[],
): Uint8Array {
  reply.clear().bytes(1, OK_BYTES)
  for (const [i, messageId] of messageIds.entries()) {
    entry.clear().bytes(1, OK_BYTES).bytes(2, messageId)
    const { offset = 0, transactionId } = results[i] ?? NO_RESULT
    if (transactionId !== undefined) entry.text(3, transactionId)
    if (offset !== 0) entry.number(4, offset)
    const timer = results[i]?.timer
    const topicId = timer && view.topic(topic)?.id
    if (timer !== undefined && topicId !== undefined) {
      entry.text(5, encodeRecallHandle(brokerName, { topicId, timer, messageId }))
    }
    reply.bytes(2, entry.view())
  }
  return reply.done()
}
