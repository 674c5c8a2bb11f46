/**
 * The transaction id: what a producer sends back to end its transaction. It names the transaction by itself, so that
 * every node can pass it on and every leader can read it.
 *
 * base64url, without padding, of 18 bytes, which are 24 characters:
 *   0  u8   version, 1
 *   1  u8   0
 *   2  u32  topic id
 *   6  u64  transaction: where the half message was first stored in the log
 *  14  u32  CRC-32 of the bytes before
 *
 * The CRC finds slips, not attacks: who may end a transaction is decided by the topic's permissions.
 */
import type { LogPosition } from '../../base/brand.ts'
import { getUint64, setUint64, viewOf } from '../../base/bytes.ts'
import { crc32 } from '../../base/crc32.ts'
import { decodeBase64Url, encodeBase64Url } from './base64url.ts'
import type { TopicId } from './commands.ts'
import type { TransactionNumber } from './transaction-commands.ts'

const ID_VERSION = 1
const ID_BYTES = 18
const CRC_AT = 14
const UINT64_HIGH_MAX = 0x1f_ffff

/** What an id holds. */
export interface TransactionId {
  readonly topicId: TopicId
  readonly transaction: TransactionNumber
}

/** The text that a producer gets: 24 characters, opaque to it. */
export function encodeTransactionId({ topicId, transaction }: TransactionId): string {
  const bytes = new Uint8Array(ID_BYTES)
  const view = viewOf(bytes)
  view.setUint8(0, ID_VERSION)
  view.setUint32(2, topicId)
  setUint64(view, 6, transaction)
  view.setUint32(CRC_AT, crc32(bytes.subarray(0, CRC_AT)))
  return encodeBase64Url(bytes)
}

/** Reads an id. `undefined` for anything that `encodeTransactionId` did not make. */
export function parseTransactionId(text: string): TransactionId | undefined {
  const bytes = decodeBase64Url(text, ID_BYTES)
  if (bytes === undefined) return undefined
  const view = viewOf(bytes)
  if (view.getUint16(0) !== ID_VERSION << 8) return undefined
  if (view.getUint32(CRC_AT) !== crc32(bytes.subarray(0, CRC_AT))) return undefined
  if (view.getUint32(6) > UINT64_HIGH_MAX) return undefined
  return { topicId: view.getUint32(2), transaction: getUint64(view, 6) as LogPosition }
}
