/** RecallMessage at the leader (grpc-contract 5.7): takes a delayed message back that is not due yet. */
import { utf8Text } from '../base/bytes.ts'
import { Code } from '../rpc/apache-enums.ts'
import { recallRequests, recallResponses } from './codecs.ts'
import type { LeaderPart } from './leader-context.ts'
import { checkTopic } from './names.ts'
import { parseRecallHandle } from './recall-handle.ts'
import { refuse } from './refusal.ts'
import { OK } from './status.ts'

/** The leader part: answers with the message's id. A message that was taken back before is answered the same. */
export const recallMessage: LeaderPart = async ({ operations, brokerName }, head, request) => {
  const wish = recallRequests.decode(request)
  const topic = checkTopic(wish.topic?.name)
  const name = parseRecallHandle(brokerName, wish.recallHandle)
  if (name === undefined) return refuse(Code.INTERNAL_SERVER_ERROR, 'the recall handle is not readable')
  const { topicId, timer, messageId } = name
  await operations.recall({ requestKey: head.requestKey, topic, topicId, timer })
  return [recallResponses.encode({ status: OK, messageId: utf8Text(messageId) })]
}
