/**
 * An append as it stands in the log: what the machine must know, and the bytes that came from the client, which
 * hold the entries somewhere and are not copied together.
 *
 *   0  u32  ledger id
 *   4  u8   flags: 1 it has an expected last index, 2 it has an idempotency key
 *   5  u8   0, u16 0
 *   8  u64  expected last index, 0 without one
 *  16  16   hash of the idempotency key, zeros without one
 *  32  u32  CRC-32 of the entries one after the other when there is a key, else 0
 *  36  u32  how many entries
 *  40       for each entry: u32 where it starts in the raw bytes, u32 its size
 *   .       raw bytes
 */
import { assert } from '../../base/assert.ts'
import { setUint64, viewOf } from '../../base/bytes.ts'
import { LEDGER_APPEND_ENTRIES_MAX, LEDGER_ENTRY_BYTES_MAX } from '../../base/limits.ts'
import { COMMAND_HEADER_BYTES, type EncodedCommand } from '../../broker/machine/command-encode.ts'
import { LEDGER_COMMAND_VERSION, LEDGER_KINDS } from './command-codec.ts'
import type { LedgerId } from './commands.ts'

export const APPEND_HEADER_BYTES = 40
/** For each entry: where it starts and how long it is. */
export const APPEND_PLACE_BYTES = 8
/** Bytes of a hash of an idempotency key. */
export const KEY_HASH_BYTES = 16

const FLAG_EXPECTED = 1
const FLAG_KEY = 2

/** What an append asks beside storing its entries. */
export interface AppendTerms {
  /** The ledger must end here: 0 when it must never have had an entry. */
  readonly expectedLast: number | null
  readonly key: { readonly hash: Uint8Array; readonly crc: number } | null
}

/** An append without its ledger: what is known before the leader is asked. */
export interface AppendBody {
  readonly size: number
  /** The first chunk has room for the ledger's id. */
  readonly chunks: readonly Uint8Array[]
}

/**
 * Puts the body together. `places` holds start and size of each entry in the raw chunks as if they stood in one
 * piece; they are not copied.
 */
export function encodeAppendBody(
  terms: AppendTerms,
  places: readonly number[],
  raw: readonly Uint8Array[],
  rawBytes: number,
): AppendBody {
  const count = places.length / 2
  assert(count > 0 && Number.isInteger(count), 'an append has entries')
  const head = new Uint8Array(APPEND_HEADER_BYTES + count * APPEND_PLACE_BYTES)
  const view = viewOf(head)
  view.setUint8(4, (terms.expectedLast === null ? 0 : FLAG_EXPECTED) | (terms.key === null ? 0 : FLAG_KEY))
  setUint64(view, 8, terms.expectedLast ?? 0)
  if (terms.key !== null) {
    assert(terms.key.hash.byteLength === KEY_HASH_BYTES, 'the hash of a key has 16 bytes')
    head.set(terms.key.hash, 16)
    view.setUint32(32, terms.key.crc)
  }
  view.setUint32(36, count)
  let at = APPEND_HEADER_BYTES
  for (const value of places) {
    view.setUint32(at, value)
    at += 4
  }
  return { size: head.byteLength + rawBytes, chunks: [head, ...raw] }
}

/** Makes the command of a body whose chunks nobody else uses: the ledger's id is written into the first. */
export function encodeAppend(ledgerId: LedgerId, body: AppendBody): EncodedCommand {
  const header = new Uint8Array(COMMAND_HEADER_BYTES)
  const view = viewOf(header)
  view.setUint8(0, LEDGER_KINDS.append)
  view.setUint8(1, LEDGER_COMMAND_VERSION)
  view.setUint32(4, body.size)
  const [head, ...raw] = body.chunks
  assert(head !== undefined && head.byteLength >= APPEND_HEADER_BYTES, 'an append has a head')
  viewOf(head).setUint32(0, ledgerId)
  return { size: header.byteLength + body.size, chunks: [header, head, ...raw] }
}

/** An append that is looked at where it stands in an entry of the log. */
export interface AppendPlace {
  readonly ledgerId: LedgerId
  readonly expectedLast: number | null
  readonly hasKey: boolean
  readonly crc: number
  readonly count: number
  /** Where the places of the entries start in the log entry, and where the raw bytes do. */
  readonly placesAt: number
  readonly rawAt: number
  /** Bytes of all entries together. */
  readonly bytes: number
}

/** Reads the append in `[start, end)` of an entry; `undefined` when it is none. */
export function readAppend(entry: DataView, start: number, end: number): AppendPlace | undefined {
  if (end - start < APPEND_HEADER_BYTES || entry.getUint32(start + 8) > 0x1f_ffff) return undefined
  const flags = entry.getUint8(start + 4)
  const count = entry.getUint32(start + 36)
  const placesAt = start + APPEND_HEADER_BYTES
  const rawAt = placesAt + count * APPEND_PLACE_BYTES
  if (flags > 3 || count === 0 || count > LEDGER_APPEND_ENTRIES_MAX || rawAt > end) return undefined
  const rawBytes = end - rawAt
  let bytes = 0
  for (let at = placesAt; at < rawAt; at += APPEND_PLACE_BYTES) {
    const size = entry.getUint32(at + 4)
    if (size > LEDGER_ENTRY_BYTES_MAX || entry.getUint32(at) + size > rawBytes) return undefined
    bytes += size
  }
  const expected = entry.getUint32(start + 8) * 0x1_0000_0000 + entry.getUint32(start + 12)
  return {
    ledgerId: entry.getUint32(start),
    expectedLast: (flags & FLAG_EXPECTED) === 0 ? null : expected,
    hasKey: (flags & FLAG_KEY) !== 0,
    crc: entry.getUint32(start + 32),
    count,
    placesAt,
    rawAt,
    bytes,
  }
}
