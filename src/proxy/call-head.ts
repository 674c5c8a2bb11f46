/**
 * What the node that a client talks to tells the leader about a call, beside the client's own bytes. Both
 * travel together over the internal stream, so that a call's leader part runs the same wherever it came in.
 *
 *   0  u8   version, 1
 *   1  u8   method
 *   2  16   request key: the same for every try of one call
 *  18  u32  milliseconds that are left
 *  22  text client id, language, client version, user agent: each a u16 length and UTF-8
 *
 * Pure.
 */
import { BytesError, Reader, Writer } from '../base/bytes.ts'
import { assert } from '../base/assert.ts'

/**
 * The calls that have a part at the leader. Their numbers stand on the wire. The last four are our own:
 * what a telemetry stream announces, claims that no client got, a sign of life, and claims that clients got.
 */
export const LEADER_METHODS = {
  sendMessage: 1,
  receiveMessage: 2,
  ackMessage: 3,
  changeInvisible: 4,
  queryRoute: 5,
  queryAssignment: 6,
  heartbeat: 7,
  notifyTermination: 8,
  endTransaction: 9,
  recallMessage: 28,
  pullMessage: 40,
  updateOffset: 41,
  getOffset: 42,
  queryOffset: 43,
  forwardDead: 44,
  contact: 64,
  release: 65,
  clientSeen: 66,
  handedOver: 67,
} as const

/** The name of a call that has a part at the leader. */
export type LeaderMethod = keyof typeof LEADER_METHODS

/** Length of a request key. */
export const REQUEST_KEY_BYTES = 16
const VERSION = 1

/** A call as the leader hears of it. The texts are what the client said and are not to be believed. */
export interface CallHead {
  readonly method: LeaderMethod
  /** 16 bytes. A repeat of the call at another leader carries the same key. */
  readonly requestKey: Uint8Array
  /** Until the answer is due at the client's node. Of a receive: until its empty answer is due. */
  readonly remainingMs: number
  readonly clientId: string
  /** `x-mq-language` as the client sent it, and so on; empty when it sent none. */
  readonly language: string
  readonly clientVersion: string
  readonly userAgent: string
}

const methodOf = new Map<number, LeaderMethod>(
  Object.entries(LEADER_METHODS).map(([name, number]) => [number, name as LeaderMethod]),
)

/** The head as bytes. */
export function encodeCallHead(head: CallHead): Uint8Array {
  assert(head.requestKey.byteLength === REQUEST_KEY_BYTES, 'a request key has 16 bytes')
  return new Writer(128)
    .uint8(VERSION)
    .uint8(LEADER_METHODS[head.method])
    .raw(head.requestKey)
    .uint32(Math.min(Math.max(Math.trunc(head.remainingMs), 0), 0xffff_ffff))
    .text16(head.clientId)
    .text16(head.language)
    .text16(head.clientVersion)
    .text16(head.userAgent)
    .done()
}

/** Reads a head. Throws `BytesError` for anything that `encodeCallHead` of a known version did not make. */
export function decodeCallHead(bytes: Uint8Array): CallHead {
  const reader = new Reader(bytes)
  if (reader.uint8() !== VERSION) throw new BytesError('a call head of an unknown version')
  const method = methodOf.get(reader.uint8())
  if (method === undefined) throw new BytesError('a call head of an unknown method')
  const head: CallHead = {
    method,
    requestKey: reader.take(REQUEST_KEY_BYTES).slice(),
    remainingMs: reader.uint32(),
    clientId: reader.text16(),
    language: reader.text16(),
    clientVersion: reader.text16(),
    userAgent: reader.text16(),
  }
  reader.end()
  return head
}
