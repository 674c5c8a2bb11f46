/**
 * How a message stands in the log: a fixed header with what the broker needs to know of it, then the
 * client's protobuf `Message` exactly as it came.
 *
 *   0  u8   version: 1, or 2 for a type whose header has two more fields
 *   1  u8   message type (apache.rocketmq.v2: 1 NORMAL)
 *   2  u16  flags, 0
 *   4  u32  identity A  \ two independent hashes of client id, topic and message id:
 *   8  u32  identity B  / a repeat has both equal, and size and CRC of the body too
 *  12  u32  body CRC-32
 *  16  u32  tag CRC-32, 0 without a tag
 *  20  u32  length of the raw message
 *  24  u32  where the content of field 3 (system_properties) starts in the raw message
 *  28  u32  its length
 *  32  u32  where the content of field 4 (body) starts in the raw message
 *  36  u32  its length
 *  40  u64  when it was stored, milliseconds since 1970 by the leader's clock
 *  48       raw message; in version 2 first:
 *  48  u64  value, by type: when it is due (DELAY), ms until it is checked (TRANSACTION), its priority (PRIORITY)
 *  56  u64  hash, by type: of the message group (FIFO) or of the lite topic (LITE)
 *  64       raw message
 */
import { getUint64, setUint64, viewOf } from '../../base/bytes.ts'
import { assert } from '../../base/assert.ts'

export const STORED_HEADER_BYTES = 48
export const STORED_VERSION = 1
/** The header of messages that are not NORMAL. */
export const TYPED_HEADER_BYTES = 64
export const TYPED_VERSION = 2

export interface StoredHeader extends NewStoredHeader {
  /** Where the raw message begins. */
  readonly headerBytes: number
  /** 0 in version 1. */
  readonly value: number
  readonly hash: bigint
}

/** What a header says. With `value` and `hash` it is of version 2. */
export interface NewStoredHeader {
  readonly messageType: number
  readonly identityA: number
  readonly identityB: number
  readonly bodyCrc: number
  readonly tagHash: number
  readonly rawLength: number
  readonly systemStart: number
  readonly systemLength: number
  readonly bodyStart: number
  readonly bodyLength: number
  readonly storedAtMs: number
  readonly value?: number
  readonly hash?: bigint
}

/** What a queue keeps of a FIFO message's hash: its upper half. 0 is kept for messages without a message group. */
export function orderHashOf(upperHalf: number): number {
  return upperHalf || 1
}

/** The length of the header of version 1 or 2; `undefined` for another version. */
export function storedHeaderBytes(version: number): number | undefined {
  if (version === STORED_VERSION) return STORED_HEADER_BYTES
  return version === TYPED_VERSION ? TYPED_HEADER_BYTES : undefined
}

export function writeStoredHeader(into: Uint8Array, header: NewStoredHeader): void {
  const typed = header.value !== undefined || header.hash !== undefined
  assert(into.byteLength >= (typed ? TYPED_HEADER_BYTES : STORED_HEADER_BYTES), 'a stored header has room')
  const view = viewOf(into)
  view.setUint8(0, typed ? TYPED_VERSION : STORED_VERSION)
  view.setUint8(1, header.messageType)
  view.setUint16(2, 0)
  view.setUint32(4, header.identityA)
  view.setUint32(8, header.identityB)
  view.setUint32(12, header.bodyCrc)
  view.setUint32(16, header.tagHash)
  view.setUint32(20, header.rawLength)
  view.setUint32(24, header.systemStart)
  view.setUint32(28, header.systemLength)
  view.setUint32(32, header.bodyStart)
  view.setUint32(36, header.bodyLength)
  setUint64(view, 40, header.storedAtMs)
  if (!typed) return
  setUint64(view, 48, header.value ?? 0)
  view.setBigUint64(56, header.hash ?? 0n)
}

/**
 * Reads the header at `at`. Returns `undefined` when the bytes are no stored message: too short, of another
 * version, or with ranges outside the raw message.
 */
export function readStoredHeader(bytes: Uint8Array, at = 0): StoredHeader | undefined {
  if (bytes.byteLength - at < STORED_HEADER_BYTES) return undefined
  const headerBytes = storedHeaderBytes(bytes[at] ?? 0)
  if (headerBytes === undefined || bytes.byteLength - at < headerBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, headerBytes)
  const typed = headerBytes === TYPED_HEADER_BYTES
  if (view.getUint32(40) > 0x1f_ffff) return undefined
  if (typed && view.getUint32(48) > 0x1f_ffff) return undefined
  const header: StoredHeader = {
    messageType: view.getUint8(1),
    identityA: view.getUint32(4),
    identityB: view.getUint32(8),
    bodyCrc: view.getUint32(12),
    tagHash: view.getUint32(16),
    rawLength: view.getUint32(20),
    systemStart: view.getUint32(24),
    systemLength: view.getUint32(28),
    bodyStart: view.getUint32(32),
    bodyLength: view.getUint32(36),
    storedAtMs: getUint64(view, 40),
    headerBytes,
    value: typed ? getUint64(view, 48) : 0,
    hash: typed ? view.getBigUint64(56) : 0n,
  }
  if (header.systemStart + header.systemLength > header.rawLength) return undefined
  if (header.bodyStart + header.bodyLength > header.rawLength) return undefined
  if (at + headerBytes + header.rawLength > bytes.byteLength) return undefined
  return header
}
