/**
 * The recall handle: what a client gives back to take a delayed message back. It names the message whole, so that a
 * recall needs no search.
 *
 * base64url, without padding, of:
 *   0  u8   version, 1
 *   1  u8   0
 *   2  u16  0
 *   4  u32  topic id
 *   8  u64  due time, log time
 *  16  u64  timer id
 *  24  u32  CRC-32 of the name of the broker group, the bytes before and the message id
 *  28       message id
 *
 * The CRC finds slips and handles of other groups, not attacks: who may recall is decided by the topic's permissions.
 */
import type { Millis } from '../base/brand.ts'
import { getUint64, setUint64, utf8, viewOf } from '../base/bytes.ts'
import { crc32 } from '../base/crc32.ts'
import { MESSAGE_ID_BYTES_MAX } from '../base/limits.ts'
import type { TimerName, TopicId } from '../broker/machine/commands.ts'

const VERSION = 1
const CRC_AT = 24
const HEAD_BYTES = 28
const UINT64_HIGH_MAX = 0x1f_ffff

export interface RecallName {
  readonly topicId: TopicId
  readonly timer: TimerName
  /** The client's own, in UTF-8. */
  readonly messageId: Uint8Array
}

export function encodeRecallHandle(brokerName: string, { topicId, timer, messageId }: RecallName): string {
  const bytes = Buffer.alloc(HEAD_BYTES + messageId.byteLength)
  const view = viewOf(bytes)
  view.setUint8(0, VERSION)
  view.setUint32(4, topicId)
  setUint64(view, 8, timer.dueMs)
  setUint64(view, 16, timer.id)
  bytes.set(messageId, HEAD_BYTES)
  view.setUint32(CRC_AT, crcOf(brokerName, bytes))
  return bytes.toString('base64url')
}

/** Reads a handle. `undefined` for anything that `encodeRecallHandle` did not make for this broker group. */
export function parseRecallHandle(brokerName: string, text: string): RecallName | undefined {
  const bytes = Buffer.from(text, 'base64url')
  const isOurs = bytes.byteLength > HEAD_BYTES && bytes.byteLength <= HEAD_BYTES + MESSAGE_ID_BYTES_MAX
  if (!isOurs || bytes.toString('base64url') !== text) return undefined
  const view = viewOf(bytes)
  if (view.getUint32(0) !== VERSION << 24) return undefined
  if (view.getUint32(CRC_AT) !== crcOf(brokerName, bytes)) return undefined
  if (view.getUint32(8) > UINT64_HIGH_MAX || view.getUint32(16) > UINT64_HIGH_MAX) return undefined
  const timer = { id: getUint64(view, 16), dueMs: getUint64(view, 8) as Millis }
  return { topicId: view.getUint32(4), timer, messageId: new Uint8Array(bytes.subarray(HEAD_BYTES)) }
}

function crcOf(brokerName: string, bytes: Uint8Array): number {
  return crc32(bytes.subarray(HEAD_BYTES), crc32(bytes.subarray(0, CRC_AT), crc32(utf8(brokerName))))
}
