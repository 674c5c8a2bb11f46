/**
 * Calls of apache.rocketmq.v2 that are not built yet: NOT_IMPLEMENTED in the body, with gRPC status OK, so
 * that clients report it instead of taking the node for broken.
 */
import { Code } from '../rpc/apache-enums.ts'
import type { Method } from '../rpc/service.ts'
import { statusReply } from './status-reply.ts'

const PREFIX = '/apache.rocketmq.v2.MessagingService'

const UNARY = ['SyncLiteSubscription'] as const

/** Every method of MessagingService that no other file answers. */
export function notImplementedMethods(): readonly Method[] {
  return UNARY.map((name): Method => {
    const reply = replyOf(name)
    return { type: 'unary', path: `${PREFIX}/${name}`, handle: () => Promise.resolve(reply) }
  })
}

function replyOf(name: string): Uint8Array {
  return statusReply({ code: Code.NOT_IMPLEMENTED, message: `${name} is not implemented yet` })
}
