/**
 * Finds the entries in the bytes of an AppendRequest, which go into the log as they came: nothing is decoded or
 * copied together.
 */
import { createHash } from 'node:crypto'
import { utf8Text } from '../base/bytes.ts'
import { crc32 } from '../base/crc32.ts'
import { BrokerError } from '../base/errors.ts'
import {
  BATCH_BYTES_MAX,
  LEDGER_APPEND_ENTRIES_MAX,
  LEDGER_ENTRY_BYTES_MAX,
  LEDGER_KEY_BYTES_MAX,
} from '../base/limits.ts'
import { WIRE_BYTES, WIRE_VARINT, WireError, WireReader } from '../base/wire.ts'
import { type AppendBody, encodeAppendBody, KEY_HASH_BYTES } from './machine/append-codec.ts'

/** Field numbers of dledger.v1.AppendRequest. */
const FIELD_LEDGER = 1
const FIELD_ENTRIES = 2
const FIELD_EXPECTED = 3
const FIELD_KEY = 4

/** An append as its client asked for it. */
export interface CutAppend {
  /** Empty when the request names none. */
  readonly ledger: string
  /** Start and size of each entry in `raw`. */
  readonly places: readonly number[]
  readonly raw: Uint8Array
  readonly expectedLast: number | null
  /** `null` without one. */
  readonly key: Uint8Array | null
}

/** Throws `BrokerError` BAD_REQUEST. */
export function cutAppend(raw: Uint8Array): CutAppend {
  try {
    return cut(raw)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new BrokerError('BAD_REQUEST', `the bytes are no append: ${error.message}`, { cause: error })
  }
}

function cut(raw: Uint8Array): CutAppend {
  const reader = new WireReader(raw)
  const places: number[] = []
  let ledger = ''
  let bytes = 0
  let expectedLast: number | null = null
  let key: Uint8Array | null = null
  while (reader.next()) {
    const { field, wireType, valueStart } = reader
    const size = reader.valueEnd - valueStart
    if (field === FIELD_ENTRIES && wireType === WIRE_BYTES) {
      if (size > LEDGER_ENTRY_BYTES_MAX) refuse(`an entry has at most ${LEDGER_ENTRY_BYTES_MAX} bytes`)
      places.push(valueStart, size)
      bytes += size
    } else if (field === FIELD_LEDGER && wireType === WIRE_BYTES) {
      ledger = utf8Text(raw.subarray(valueStart, reader.valueEnd))
    } else if (field === FIELD_EXPECTED && wireType === WIRE_VARINT) {
      expectedLast = reader.high * 0x1_0000_0000 + reader.low
      if (!Number.isSafeInteger(expectedLast)) refuse('the expected index is beyond 2^53')
    } else if (field === FIELD_KEY && wireType === WIRE_BYTES) {
      if (size > LEDGER_KEY_BYTES_MAX) refuse(`a key has at most ${LEDGER_KEY_BYTES_MAX} bytes`)
      key = size === 0 ? null : raw.subarray(valueStart, reader.valueEnd)
    }
  }
  const count = places.length / 2
  if (count === 0 || count > LEDGER_APPEND_ENTRIES_MAX) {
    refuse(`an append has 1 to ${LEDGER_APPEND_ENTRIES_MAX} entries, this one has ${count}`)
  }
  if (bytes > BATCH_BYTES_MAX) refuse(`the entries of an append have at most ${BATCH_BYTES_MAX} bytes`)
  return { ledger, places, raw, expectedLast, key }
}

function refuse(message: string): never {
  throw new BrokerError('BAD_REQUEST', message)
}

/** Several appends without key or condition, or a single one, as one body for the log. */
export function bodyOf(appends: readonly CutAppend[]): AppendBody {
  const [first] = appends
  if (appends.length === 1 && first !== undefined) {
    const { places, raw, expectedLast } = first
    return encodeAppendBody({ expectedLast, key: keyOf(first) }, places, [raw], raw.byteLength)
  }
  const places: number[] = []
  const raw: Uint8Array[] = []
  let at = 0
  for (const append of appends) {
    for (let i = 0; i < append.places.length; i += 2) {
      places.push(at + (append.places[i] as number), append.places[i + 1] as number)
    }
    raw.push(append.raw)
    at += append.raw.byteLength
  }
  return encodeAppendBody({ expectedLast: null, key: null }, places, raw, at)
}

function keyOf({ key, places, raw }: CutAppend): { readonly hash: Uint8Array; readonly crc: number } | null {
  if (key === null) return null
  const hash = createHash('sha256').update(key).digest().subarray(0, KEY_HASH_BYTES)
  let crc = 0
  for (let i = 0; i < places.length; i += 2) {
    const start = places[i] as number
    crc = crc32(raw.subarray(start, start + (places[i + 1] as number)), crc)
  }
  return { hash, crc }
}
