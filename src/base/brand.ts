/**
 * Numbers that must not be mixed up. A branded number is made only by its checking function, at the gates
 * where numbers come in. Plain `number` is enough: 2^53 is far beyond any term, index or offset.
 */
import { broken } from './assert.ts'

declare const brand: unique symbol
type Branded<Name extends string> = number & { readonly [brand]: Name }

/** A Raft term (thesis 3.3). 0 is before the first election. */
export type Term = Branded<'Term'>
/** The index of an entry in the Raft log. The first entry has index 1, 0 is "none". */
export type LogIndex = Branded<'LogIndex'>
/** A byte position in the group's log, counted over all segments from 0 (RocketMQ: physical offset). */
export type LogPosition = Branded<'LogPosition'>
/** The number of a message in its queue, from 0 (RocketMQ: queue offset). */
export type QueueOffset = Branded<'QueueOffset'>
/** The number of an entry in its ledger, dense from 1. 0 is "none". */
export type LedgerIndex = Branded<'LedgerIndex'>
/** The Raft id of a member, 1 or more. 0 is "nobody". */
export type NodeId = Branded<'NodeId'>
/** A time or a duration in milliseconds. A time counts from 1970. */
export type Millis = Branded<'Millis'>

function whole(n: number, what: string): number {
  if (!Number.isSafeInteger(n) || n < 0) broken(`${what} is a whole number`, { n })
  return n
}

export function term(n: number): Term {
  return whole(n, 'a term') as Term
}

export function logIndex(n: number): LogIndex {
  return whole(n, 'a log index') as LogIndex
}

export function logPosition(n: number): LogPosition {
  return whole(n, 'a log position') as LogPosition
}

export function queueOffset(n: number): QueueOffset {
  return whole(n, 'a queue offset') as QueueOffset
}

export function ledgerIndex(n: number): LedgerIndex {
  return whole(n, 'a ledger index') as LedgerIndex
}

export function nodeId(n: number): NodeId {
  return whole(n, 'a node id') as NodeId
}

/** Milliseconds are kept whole: fractions from a clock are cut off. */
export function millis(n: number): Millis {
  return whole(Math.trunc(n), 'a number of milliseconds') as Millis
}
