/**
 * What members say to each other about states, as calls. The log of a state is fetched as repair does
 * (log-source.ts): it is the same on all members.
 *
 *   offer   u8 1, u64 term of the leader, u64 index that the receiver must have, head (state-head.ts)
 *           answer: u8 1 has, u64 index / u8 2 working / u8 3 refused, reason
 *   rows    u8 2, u64 index of the state, u32 bytes at most, key behind which to go on; without one from the start
 *           answer: a page of rows (row-pages.ts)
 */
import { unreachable } from '../../base/assert.ts'
import { type LogIndex, logIndex, type NodeId, type Term, term } from '../../base/brand.ts'
import { BytesError, Reader, utf8Text, Writer } from '../../base/bytes.ts'
import { decodeHead, encodeHead, type StateHead } from './state-head.ts'

/** A leader says that it has a state for who needs one. */
export interface StateOffer {
  readonly type: 'offer'
  readonly term: Term
  /** The receiver needs a state at this entry or a later one. */
  readonly needed: LogIndex
  readonly head: StateHead
}

/** Rows of a state, behind the key. */
export interface RowsAsked {
  readonly type: 'rows'
  readonly index: LogIndex
  readonly bytesMax: number
  readonly after: Uint8Array | null
}

export type StateCall = StateOffer | RowsAsked

export type OfferAnswer =
  /** The receiver has everything up to this entry. */
  | { readonly type: 'has'; readonly index: LogIndex }
  | { readonly type: 'working' }
  | { readonly type: 'refused'; readonly reason: string }

/** The other members, as far as states need them. */
export interface StateLink {
  /** Rejects when the peer is not reached in time or refuses. The answer is a view. */
  call(to: NodeId, request: Uint8Array): Promise<Uint8Array>
}

export function encodeStateCall(call: StateCall): Uint8Array {
  const writer = new Writer()
  switch (call.type) {
    case 'offer':
      return writer.uint8(1).uint64(call.term).uint64(call.needed).raw(encodeHead(call.head)).done()
    case 'rows':
      writer.uint8(2).uint64(call.index).uint32(call.bytesMax)
      return call.after === null ? writer.done() : writer.uint8(1).raw(call.after).done()
    default:
      return unreachable(call)
  }
}

/** Throws `BytesError`, and what `decodeHead` throws. */
export function decodeStateCall(bytes: Uint8Array): StateCall {
  const reader = new Reader(bytes)
  const kind = reader.uint8()
  if (kind === 1) {
    const at = { term: term(reader.uint64()), needed: logIndex(reader.uint64()) }
    return { type: 'offer', ...at, head: decodeHead(reader.take(reader.left)) }
  }
  if (kind !== 2) throw new BytesError('a call about a state is of no known kind')
  const at = { index: logIndex(reader.uint64()), bytesMax: reader.uint32() }
  if (reader.left === 0) return { type: 'rows', ...at, after: null }
  reader.skip(1)
  return { type: 'rows', ...at, after: reader.take(reader.left) }
}

export function encodeOfferAnswer(answer: OfferAnswer): Uint8Array {
  switch (answer.type) {
    case 'has':
      return new Writer(9).uint8(1).uint64(answer.index).done()
    case 'working':
      return new Writer(1).uint8(2).done()
    case 'refused':
      return new Writer().uint8(3).text16(answer.reason).done()
    default:
      return unreachable(answer)
  }
}

/** Throws `BytesError`. */
export function decodeOfferAnswer(bytes: Uint8Array): OfferAnswer {
  const reader = new Reader(bytes)
  const kind = reader.uint8()
  if (kind === 1) return { type: 'has', index: logIndex(reader.uint64()) }
  if (kind === 2) return { type: 'working' }
  if (kind !== 3) throw new BytesError('an answer about a state is of no known kind')
  return { type: 'refused', reason: utf8Text(reader.take(reader.uint16())) }
}
