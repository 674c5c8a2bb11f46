/**
 * Raft messages as bytes. Who sends and who receives a message is not in it: the connection says so.
 * Pure.
 *
 * Every message opens with u8 kind and u64 term, all numbers big-endian, and goes on with:
 *
 *   1 preVote       u64 lastIndex, u64 lastTerm
 *   2 preVoteReply  u8 answer (0 no, 1 yes, 2 yes in doubt)
 *   3 vote          u64 lastIndex, u64 lastTerm
 *   4 voteReply     u8 answer, as above
 *   5 append        u64 prevIndex, u64 prevTerm, u64 commitIndex, u64 round, u32 count, then `count` log records
 *   6 appendReply   u64 round, u8 result (0 rejected, 1 matched), u64 index, u64 hintIndex, u64 hintTerm
 *   7 vote          as 3, for an election that the leader wants (thesis 3.10)
 *   8 timeoutNow    nothing more
 *
 * A program that does not know a kind refuses the message, and with 7 and 8 no more than a hand-over fails.
 *
 * A head is the first chunk of its frame and so guarded by the frame's CRC; records carry their own (record-codec.ts).
 */
import { assert, unreachable } from '../../base/assert.ts'
import { logIndex, term, type LogIndex, type Term } from '../../base/brand.ts'
import { BytesError, getUint64, setUint64, viewOf } from '../../base/bytes.ts'
import { APPEND_ENTRIES_MAX } from '../../base/limits.ts'
import type {
  AppendOut,
  AppendReply,
  PlainMessage,
  PreVote,
  PreVoteReply,
  Vote,
  VoteReply,
} from '../../raft/types.ts'

const PRE_VOTE = 1
const PRE_VOTE_REPLY = 2
const VOTE = 3
const VOTE_REPLY = 4
const APPEND = 5
const APPEND_REPLY = 6
const VOTE_WANTED = 7
const TIMEOUT_NOW = 8

const ASK_BYTES = 25
const ANSWER_BYTES = 10
const APPEND_HEAD_BYTES = 45
const APPEND_REPLY_BYTES = 42
const TIMEOUT_NOW_BYTES = 9

/** Bytes that are no Raft message. Stays inside this file: outside it is a refusal. */
class MessageError extends Error {}

/** A message, or why the bytes are none: then the sender runs another program, for its CRC was right. */
export type DecodedRaft =
  | { readonly type: 'message'; readonly message: WireMessage }
  | { readonly type: 'refused'; readonly reason: string }

/** AppendEntries as it comes in: the records are still bytes, which the log store checks and counts. */
export interface AppendBytes {
  readonly type: 'append'
  readonly term: Term
  readonly prevIndex: LogIndex
  readonly prevTerm: Term
  readonly commitIndex: LogIndex
  readonly round: number
  /** How many records the sender says there are. */
  readonly count: number
  /** The raw records: a view of the message's bytes. Empty exactly when `count` is 0. */
  readonly records: Uint8Array
}

/** A message of Raft as it comes in, appends with raw records. */
export type WireMessage = PlainMessage | AppendBytes

/** The bytes of a message other than an append. They are new and may be kept. */
export function encodeMessage(message: PlainMessage): Uint8Array {
  switch (message.type) {
    case 'preVote':
      return ask(PRE_VOTE, message)
    case 'preVoteReply':
      return answer(PRE_VOTE_REPLY, message)
    case 'vote':
      return ask(message.transfer ? VOTE_WANTED : VOTE, message)
    case 'voteReply':
      return answer(VOTE_REPLY, message)
    case 'appendReply': {
      const bytes = opened(APPEND_REPLY, message.term, APPEND_REPLY_BYTES)
      const view = viewOf(bytes)
      setUint64(view, 9, message.round)
      view.setUint8(17, message.result === 'matched' ? 1 : 0)
      setUint64(view, 18, message.index)
      setUint64(view, 26, message.hintIndex)
      setUint64(view, 34, message.hintTerm)
      return bytes
    }
    case 'timeoutNow':
      return opened(TIMEOUT_NOW, message.term, TIMEOUT_NOW_BYTES)
    default:
      return unreachable(message)
  }
}

/**
 * The head of an append with `count` records, whose raw bytes the caller puts behind it in the same frame.
 * 0 for a heartbeat. New bytes, which may be kept.
 */
export function encodeAppend(message: AppendOut, count: number): Uint8Array {
  assert(count <= APPEND_ENTRIES_MAX, 'an append is not larger than the limit', { count })
  const bytes = opened(APPEND, message.term, APPEND_HEAD_BYTES)
  const view = viewOf(bytes)
  setUint64(view, 9, message.prevIndex)
  setUint64(view, 17, message.prevTerm)
  setUint64(view, 25, message.commitIndex)
  setUint64(view, 33, message.round)
  view.setUint32(41, count)
  return bytes
}

function opened(kind: number, ofTerm: Term, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  bytes[0] = kind
  setUint64(viewOf(bytes), 1, ofTerm)
  return bytes
}

function ask(kind: number, message: PreVote | Vote): Uint8Array {
  const bytes = opened(kind, message.term, ASK_BYTES)
  const view = viewOf(bytes)
  setUint64(view, 9, message.lastIndex)
  setUint64(view, 17, message.lastTerm)
  return bytes
}

function answer(kind: number, message: PreVoteReply | VoteReply): Uint8Array {
  const bytes = opened(kind, message.term, ANSWER_BYTES)
  const yes = message.inDoubt === true ? 2 : 1
  bytes[9] = message.granted ? yes : 0
  return bytes
}

/** Reads one message; never throws. The records of an append are a view of `bytes`. */
export function decodeRaft(bytes: Uint8Array): DecodedRaft {
  try {
    return { type: 'message', message: decoded(bytes) }
  } catch (error) {
    if (!(error instanceof MessageError || error instanceof BytesError)) throw error
    return { type: 'refused', reason: error.message }
  }
}

function decoded(bytes: Uint8Array): WireMessage {
  switch (bytes[0] ?? 0) {
    case PRE_VOTE:
      return { type: 'preVote', ...decodeAsk(bytes) }
    case PRE_VOTE_REPLY:
      return { type: 'preVoteReply', ...decodeAnswer(bytes) }
    case VOTE:
      return { type: 'vote', ...decodeAsk(bytes), transfer: false }
    case VOTE_WANTED:
      return { type: 'vote', ...decodeAsk(bytes), transfer: true }
    case TIMEOUT_NOW:
      return { type: 'timeoutNow', term: term(getUint64(ofLength(bytes, TIMEOUT_NOW_BYTES), 1)) }
    case VOTE_REPLY:
      return { type: 'voteReply', ...decodeAnswer(bytes) }
    case APPEND:
      return decodeAppend(bytes)
    case APPEND_REPLY:
      return decodeAppendReply(bytes)
    default:
      throw new MessageError('a Raft message is of a kind that is not known here')
  }
}

function decodeAsk(bytes: Uint8Array): Omit<PreVote, 'type'> {
  const view = ofLength(bytes, ASK_BYTES)
  return {
    term: term(getUint64(view, 1)),
    lastIndex: logIndex(getUint64(view, 9)),
    lastTerm: term(getUint64(view, 17)),
  }
}

function decodeAnswer(bytes: Uint8Array): Omit<VoteReply, 'type'> {
  const view = ofLength(bytes, ANSWER_BYTES)
  const said = view.getUint8(9)
  if (said > 2) throw new MessageError('the answer of a Raft message is none that is known here')
  const head = { term: term(getUint64(view, 1)), granted: said > 0 }
  return said === 2 ? { ...head, inDoubt: true } : head
}

function decodeAppend(bytes: Uint8Array): AppendBytes {
  if (bytes.byteLength < APPEND_HEAD_BYTES) throw new MessageError('an append is too short')
  const view = viewOf(bytes)
  const count = view.getUint32(41)
  if (count > APPEND_ENTRIES_MAX) throw new MessageError('an append has too many records')
  if ((count === 0) !== (bytes.byteLength === APPEND_HEAD_BYTES)) {
    throw new MessageError('an append has other records than it says')
  }
  return {
    type: 'append',
    term: term(getUint64(view, 1)),
    prevIndex: logIndex(getUint64(view, 9)),
    prevTerm: term(getUint64(view, 17)),
    commitIndex: logIndex(getUint64(view, 25)),
    round: getUint64(view, 33),
    count,
    records: bytes.subarray(APPEND_HEAD_BYTES),
  }
}

function decodeAppendReply(bytes: Uint8Array): AppendReply {
  const view = ofLength(bytes, APPEND_REPLY_BYTES)
  return {
    type: 'appendReply',
    term: term(getUint64(view, 1)),
    round: getUint64(view, 9),
    result: flag(view, 17) ? 'matched' : 'rejected',
    index: logIndex(getUint64(view, 18)),
    hintIndex: logIndex(getUint64(view, 26)),
    hintTerm: term(getUint64(view, 34)),
  }
}

function ofLength(bytes: Uint8Array, length: number): DataView {
  if (bytes.byteLength !== length) throw new MessageError('a Raft message has the wrong length')
  return viewOf(bytes)
}

function flag(view: DataView, at: number): boolean {
  const value = view.getUint8(at)
  if (value > 1) throw new MessageError('a flag of a Raft message is neither 0 nor 1')
  return value === 1
}
