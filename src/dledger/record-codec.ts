/**
 * The bytes of one record of the log: a header of 64 bytes and an opaque body. A no-op of Raft has an empty
 * body. Records are equal on every member, byte for byte, so a follower checks and stores what it is sent.
 *
 * ```
 *  0  u32  magic "DLR1": the format and its version
 *  4  u32  length of the whole record, header included
 *  8  u64  term
 * 16  u64  index
 * 24  u64  position of this record in the log
 * 32  u32  CRC-32 of the body
 * 36  u32  chain: the header CRC of the record before, 0 for the first record of the log
 * 40  u8   kind: 0 commands or nothing, 1 a configuration of the group (configuration-codec.ts)
 * 41       19 zero bytes
 * 60  u32  header CRC-32 of the 60 bytes before it
 * ```
 *
 * The header CRC covers the body CRC and the chain, so it stands for the whole history up to its record:
 * bytes that were valid in another history, or at another place, never continue this one.
 */
import { assert } from '../base/assert.ts'
import { type LogIndex, type LogPosition, logIndex, logPosition, type Term, term } from '../base/brand.ts'
import { setUint64, viewOf } from '../base/bytes.ts'
import { crc32 } from '../base/crc32.ts'
import type { Payload } from '../raft/types.ts'

/** The size of a record's header, and of a whole record with an empty body. */
export const RECORD_HEADER_BYTES = 64
/** "DLR1". A later format gets another magic. */
export const RECORD_MAGIC = 0x444c5231
/** The chain of the first record of a log. */
export const CHAIN_START = 0

/** What the body of a record is: commands for the machine (a no-op has none), or a configuration. */
export const RECORD_KIND = { commands: 0, configuration: 1 } as const
export type RecordKind = (typeof RECORD_KIND)[keyof typeof RECORD_KIND]

const KIND_AT = 40
const HEADER_CRC_AT = 60
const HIGH_HALF_MAX = 0x1f_ffff

/** What a header says. Rule: its CRC was right when this was made. */
export interface RecordHeader {
  /** Bytes of the whole record, header included. */
  readonly length: number
  readonly term: Term
  readonly index: LogIndex
  readonly position: LogPosition
  readonly bodyCrc: number
  readonly chain: number
  readonly kind: RecordKind
  readonly headerCrc: number
}

/** A whole record in memory. It serves as the payload of its Raft entry. */
export interface LogRecord extends Payload {
  readonly index: LogIndex
  readonly term: Term
  /** Where the header stands in the log. The body stands `RECORD_HEADER_BYTES` behind it. */
  readonly position: LogPosition
  /** `bytes.byteLength`. */
  readonly size: number
  readonly headerCrc: number
  readonly chain: number
  /** Header and body. Never changed. */
  readonly bytes: Uint8Array
}

/** The outcome of looking at bytes that should be a record. `needed` counts from the record's start. */
export type RecordCheck =
  | { readonly type: 'ok'; readonly header: RecordHeader }
  | { readonly type: 'torn'; readonly needed: number }
  | { readonly type: 'bad'; readonly reason: string }

/** What the record at this place must say to continue the log. */
export interface RecordExpected {
  readonly index: number
  readonly position: number
  readonly chain: number
  /** Terms never go down along the log (thesis 3.5). */
  readonly termMin: number
}

/**
 * Writes the header of a record whose body already stands behind the first 64 bytes of `record`.
 * Returns the header CRC, which is the chain of the next record.
 */
export function encodeHeader(
  record: Uint8Array,
  fields: {
    readonly term: number
    readonly index: number
    readonly position: number
    readonly chain: number
    /** Not there: commands. */
    readonly kind?: RecordKind
  },
): number {
  assert(record.byteLength >= RECORD_HEADER_BYTES, 'a record has room for its header')
  const { index, term: recordTerm, position, chain, kind = RECORD_KIND.commands } = fields
  assert(index > 0 && recordTerm > 0, 'a record has an index and a term', { index, recordTerm })
  const view = viewOf(record)
  view.setUint32(0, RECORD_MAGIC)
  view.setUint32(4, record.byteLength)
  setUint64(view, 8, recordTerm)
  setUint64(view, 16, index)
  setUint64(view, 24, position)
  view.setUint32(32, crc32(record.subarray(RECORD_HEADER_BYTES)))
  view.setUint32(36, chain)
  record.fill(0, KIND_AT, HEADER_CRC_AT)
  view.setUint8(KIND_AT, kind)
  const headerCrc = crc32(record.subarray(0, HEADER_CRC_AT))
  view.setUint32(HEADER_CRC_AT, headerCrc)
  return headerCrc
}

/** Reads the header at `at`. Never throws, whatever the bytes are. `torn`: fewer than 64 bytes are there. */
export function parseHeader(bytes: Uint8Array, at = 0): RecordCheck {
  if (bytes.byteLength - at < RECORD_HEADER_BYTES) return { type: 'torn', needed: RECORD_HEADER_BYTES }
  const view = viewOf(bytes)
  if (view.getUint32(at) !== RECORD_MAGIC) return bad('it does not start with the mark of a record')
  const headerCrc = view.getUint32(at + HEADER_CRC_AT)
  if (crc32(bytes.subarray(at, at + HEADER_CRC_AT)) !== headerCrc) return bad('its header checksum is wrong')
  const length = view.getUint32(at + 4)
  if (length < RECORD_HEADER_BYTES) return bad('its length is less than a header')
  const kind = view.getUint8(at + KIND_AT)
  if (kind !== RECORD_KIND.commands && kind !== RECORD_KIND.configuration) {
    return bad(`it is of kind ${kind}, which only a newer program knows`)
  }
  if ((view.getUint32(at + KIND_AT) & 0xff_ffff) !== 0) return bad('its reserved bytes are not zero')
  for (let i = KIND_AT + 4; i < HEADER_CRC_AT; i += 4) {
    if (view.getUint32(at + i) !== 0) return bad('its reserved bytes are not zero')
  }
  const recordTerm = uint53(view, at + 8)
  const index = uint53(view, at + 16)
  const position = uint53(view, at + 24)
  if (recordTerm < 1 || index < 1 || position < 0) return bad('its term, index or position is out of range')
  return {
    type: 'ok',
    header: {
      length,
      term: term(recordTerm),
      index: logIndex(index),
      position: logPosition(position),
      bodyCrc: view.getUint32(at + 32),
      chain: view.getUint32(at + 36),
      kind,
      headerCrc,
    },
  }
}

/** Whether a header continues the log as expected. Returns the reason why not. */
function mismatch(header: RecordHeader, expected: RecordExpected): string | undefined {
  if (header.index !== expected.index) return `its index is ${header.index} instead of ${expected.index}`
  if (header.position !== expected.position) {
    return `it was made for position ${header.position} instead of ${expected.position}`
  }
  if (header.chain !== expected.chain) return 'it does not continue the record before it'
  if (header.term < expected.termMin)
    return `its term ${header.term} is lower than ${expected.termMin} before it`
  return undefined
}

/**
 * Checks the record at `at` from head to end: header and body CRC, and that it continues the log as
 * `expected`. Never throws. `torn` means that the bytes end before the record does.
 */
export function checkRecord(bytes: Uint8Array, at: number, expected: RecordExpected): RecordCheck {
  const parsed = parseHeader(bytes, at)
  return parsed.type === 'ok' ? checkParsed(bytes, at, parsed.header, expected) : parsed
}

/** As `checkRecord`, when the header was parsed already. */
export function checkParsed(
  bytes: Uint8Array,
  at: number,
  header: RecordHeader,
  expected: RecordExpected,
): RecordCheck {
  const reason = mismatch(header, expected)
  if (reason !== undefined) return bad(reason)
  if (at + header.length > bytes.byteLength) return { type: 'torn', needed: header.length }
  const body = bytes.subarray(at + RECORD_HEADER_BYTES, at + header.length)
  return crc32(body) === header.bodyCrc ? { type: 'ok', header } : bad('its body checksum is wrong')
}

function bad(reason: string): RecordCheck {
  return { type: 'bad', reason }
}

/** Eight bytes as a whole number, -1 beyond 2^53. */
function uint53(view: DataView, at: number): number {
  const high = view.getUint32(at)
  return high > HIGH_HALF_MAX ? -1 : high * 0x1_0000_0000 + view.getUint32(at + 4)
}
