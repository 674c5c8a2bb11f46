/**
 * Records that a peer sent: raw bytes, one record behind the other, without the gaps that the segments' ends
 * leave between positions. They are refused as a whole when anything about them is wrong.
 */
import type { Term } from '../base/brand.ts'
import { configurationIn } from './configuration-record.ts'
import { checkParsed, type LogRecord, parseHeader, type RecordExpected } from './record-codec.ts'
import { type LogShape, placeRecord } from './segment.ts'

/** The outcome of looking at a peer's records. Nothing was changed. */
export type Acceptance =
  | { readonly type: 'ok'; readonly records: readonly LogRecord[] }
  | { readonly type: 'refused'; readonly reason: string }

/** What a record must continue: the one before it, as far as it is known. */
export interface RunStart {
  readonly index: number
  /** Where the record before ends. */
  readonly end: number
  readonly chain: number
  readonly term: number
}

/**
 * Splits `bytes` into records and checks each: CRCs, and that it continues the one before. `startOf` tells
 * what the first record must continue, from its index; `undefined` when that is not known. The records are
 * views of `bytes`. Never throws.
 */
export function splitRecords(
  bytes: Uint8Array,
  prevTerm: Term,
  { segmentBytes, recordBytesMax }: LogShape,
  startOf: (firstIndex: number) => RunStart | undefined,
): Acceptance {
  const records: LogRecord[] = []
  const first = parseHeader(bytes)
  if (bytes.byteLength === 0) return { type: 'ok', records }
  if (first.type !== 'ok') return refused(0, first.type === 'bad' ? first.reason : 'it is not whole')
  const { header } = first
  let before = startOf(header.index)
  let at = 0
  while (at < bytes.byteLength) {
    const parsed = at === 0 ? first : parseHeader(bytes, at)
    if (parsed.type !== 'ok') return refused(records.length, reasonOf(parsed))
    if (parsed.header.length > recordBytesMax) return refused(records.length, 'it is too large')
    const expected: RecordExpected =
      before === undefined
        ? { ...parsed.header, termMin: prevTerm }
        : {
            index: before.index + 1,
            position: placeRecord(before.end, parsed.header.length, segmentBytes),
            chain: before.chain,
            termMin: before.term,
          }
    const check = checkParsed(bytes, at, parsed.header, expected)
    if (check.type !== 'ok') return refused(records.length, reasonOf(check))
    const { length, term, index, position, chain, headerCrc } = check.header
    if ((position % segmentBytes) + length > segmentBytes) {
      return refused(records.length, 'it goes over the end of its segment')
    }
    const view = bytes.subarray(at, at + length)
    const record = { index, term, position, size: length, headerCrc, chain, bytes: view }
    const configuration = configurationIn(check.header, bytes, at)
    if (typeof configuration === 'string') return refused(records.length, configuration)
    records.push(configuration === undefined ? record : { ...record, configuration })
    before = { index, end: position + length, chain: headerCrc, term }
    at += length
  }
  return { type: 'ok', records }
}

function reasonOf(
  check: { readonly type: 'torn' } | { readonly type: 'bad'; readonly reason: string },
): string {
  return check.type === 'bad' ? check.reason : 'it is not whole'
}

function refused(place: number, reason: string): Acceptance {
  return { type: 'refused', reason: `record ${place} of the run is refused: ${reason}` }
}
