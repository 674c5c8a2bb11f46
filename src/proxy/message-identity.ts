/**
 * By what a repeated message is known: two independent hashes of client id, topic and message id. One is
 * CRC-32, the other FNV-1a with the final mix of MurmurHash3. Different in one, different in both is not
 * promised; equal in both by chance is one in 2^64.
 *
 * Pure.
 */
import { utf8 } from '../base/bytes.ts'
import { crc32 } from '../base/crc32.ts'

const FNV_START = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** The hashes for the messages of one client to one topic. */
export class MessageIdentity {
  readonly #crc: number
  readonly #fnv: number

  constructor(clientId: string, topic: string) {
    // Rule: the zeros keep ("ab", "c") and ("a", "bc") apart; a topic's name holds none.
    const prefix = utf8(`${clientId}\0${topic}\0`)
    this.#crc = crc32(prefix)
    this.#fnv = fnv(prefix, 0, prefix.byteLength, FNV_START)
  }

  /** The CRC-32 of everything, 0 to 2^32 - 1. */
  first(messageId: Uint8Array): number {
    return crc32(messageId, this.#crc)
  }

  /** The other hash, 0 to 2^32 - 1. */
  second(messageId: Uint8Array): number {
    return mix(fnv(messageId, 0, messageId.byteLength, this.#fnv))
  }
}

/** 64 bits of both hashes together, to know a name by. */
export function hash64(bytes: Uint8Array): bigint {
  const other = mix(fnv(bytes, 0, bytes.byteLength, FNV_START))
  return (BigInt(crc32(bytes)) << 32n) | BigInt(other)
}

function fnv(bytes: Uint8Array, start: number, end: number, from: number): number {
  let hash = from
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), FNV_PRIME)
  return hash
}

function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
