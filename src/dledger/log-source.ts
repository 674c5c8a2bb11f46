/**
 * Raw records of the log as members ask each other for them: to repair what a disk lost. The files are equal on
 * all members, so a record of a peer is the record that was lost, or none at all.
 *
 *   request  u64 first index, u32 bytes at most
 *   answer   u64 commit index of the peer, u64 term of its last durable record, then whole records from the first index on, as many as fit, at least
 *            one if the peer has it durable and sound; none otherwise
 */
import { type LogIndex, logIndex, type NodeId, type Term, term } from '../base/brand.ts'
import { Reader, Writer } from '../base/bytes.ts'

/** What a peer has from the index on that was asked for. */
export interface FetchedLog {
  /** Everything up to here is known to be committed by the peer. */
  readonly commitIndex: LogIndex
  /** The term of the last record that is durable there; 0 when there is none. */
  readonly lastTerm: Term
  /** One record behind the other, without the gaps of the segments' ends. Not to be trusted unchecked. */
  readonly records: Uint8Array
}

/** The other members, as far as repair needs them. */
export interface LogSource {
  readonly peers: readonly NodeId[]
  /** Rejects when the peer is not reached in time or has nothing to say. */
  fetch(peer: NodeId, first: LogIndex, bytesMax: number): Promise<FetchedLog>
}

export function encodeFetch(first: LogIndex, bytesMax: number): Uint8Array {
  return new Writer(12).uint64(first).uint32(bytesMax).done()
}

/** Throws `BytesError`. */
export function decodeFetch(bytes: Uint8Array): { readonly first: LogIndex; readonly bytesMax: number } {
  const reader = new Reader(bytes)
  const first = logIndex(reader.uint64())
  const bytesMax = reader.uint32()
  reader.end()
  return { first, bytesMax }
}

export function encodeFetched(fetched: FetchedLog): readonly Uint8Array[] {
  return [new Writer(16).uint64(fetched.commitIndex).uint64(fetched.lastTerm).done(), fetched.records]
}

/** The records are a view. Throws `BytesError`. */
export function decodeFetched(bytes: Uint8Array): FetchedLog {
  const reader = new Reader(bytes)
  const commitIndex = logIndex(reader.uint64())
  return { commitIndex, lastTerm: term(reader.uint64()), records: reader.take(reader.left) }
}
