/**
 * The receipt handle: what a client sends back to ack a delivery. It names the delivery, not its deadline,
 * so that a handle stays good when the claim is extended (RocketMQ loses acks there).
 *
 * base64url, without padding, of 36 bytes:
 *   0  u8   version, 1
 *   1  u8   0
 *   2  u16  0
 *   4  u32  group id
 *   8  u32  queue number
 *  12  u64  queue offset
 *  20  u32  attempt
 *  24  u64  deadline, log time
 *  32  u32  CRC-32 of the bytes before
 *
 * The CRC finds slips, not attacks: who may ack is decided by the group's permissions.
 */
import type { Millis, QueueOffset } from '../../base/brand.ts'
import { getUint64, setUint64, viewOf } from '../../base/bytes.ts'
import { crc32 } from '../../base/crc32.ts'
import { decodeBase64Url, encodeBase64Url } from './base64url.ts'
import type { Receipt } from './commands.ts'

const HANDLE_VERSION = 1
const HANDLE_BYTES = 36
const CRC_AT = 32
const UINT64_HIGH_MAX = 0x1f_ffff

/** The text that a client gets for a delivery: 48 characters of base64url, opaque to it. */
export function encodeReceiptHandle(receipt: Receipt): string {
  const bytes = new Uint8Array(HANDLE_BYTES)
  const view = viewOf(bytes)
  view.setUint8(0, HANDLE_VERSION)
  view.setUint32(4, receipt.groupId)
  view.setUint32(8, receipt.queue)
  setUint64(view, 12, receipt.offset)
  view.setUint32(20, receipt.attempt)
  setUint64(view, 24, receipt.deadline)
  view.setUint32(CRC_AT, crc32(bytes.subarray(0, CRC_AT)))
  return encodeBase64Url(bytes)
}

/** Reads a handle. `undefined` for anything that `encodeReceiptHandle` did not make. */
export function parseReceiptHandle(text: string): Receipt | undefined {
  const bytes = decodeBase64Url(text, HANDLE_BYTES)
  if (bytes === undefined) return undefined
  const view = viewOf(bytes)
  if (view.getUint32(0) !== HANDLE_VERSION << 24) return undefined
  if (view.getUint32(CRC_AT) !== crc32(bytes.subarray(0, CRC_AT))) return undefined
  if (view.getUint32(12) > UINT64_HIGH_MAX || view.getUint32(24) > UINT64_HIGH_MAX) return undefined
  return {
    groupId: view.getUint32(4),
    queue: view.getUint32(8),
    offset: getUint64(view, 12) as QueueOffset,
    attempt: view.getUint32(20),
    deadline: getUint64(view, 24) as Millis,
  }
}
