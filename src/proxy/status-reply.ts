/**
 * Answers that only say how a call went. Every unary response of apache.rocketmq.v2 has its status in field
 * 1, so one writer serves them all; a stream answers with items. Pure.
 */
import type { ClientStatus } from './status.ts'
import { WireWriter, writeMillis } from './wire-writer.ts'

/** The content of a `Status`. */
export function statusBytes(status: ClientStatus): Uint8Array {
  return new WireWriter(16 + status.message.length).number(1, status.code).text(2, status.message).done()
}

/** Any unary response, and `ReceiveMessageResponse` and `PullMessageResponse`, with nothing but a status. */
export function statusReply(status: ClientStatus): Uint8Array {
  return new WireWriter(32 + status.message.length).bytes(1, statusBytes(status)).done()
}

/** `ReceiveMessageResponse{delivery_timestamp}` of a time in milliseconds since 1970. */
export function deliveryTimestampItem(ms: number): Uint8Array {
  const content = writeMillis(new WireWriter(16), ms).view()
  return new WireWriter(32).bytes(3, content).done()
}
