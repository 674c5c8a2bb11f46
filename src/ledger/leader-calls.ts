/**
 * What a member asks the leader for ledgers, and how it travels between members:
 *
 *   0  u8   version, 1
 *   1  u8   method: 1 append, 2 command, 3 confirm
 *   2  u32  milliseconds that are left
 *   6  u64  the term in which the leader must lead, 0 for any
 *  14       append: name of the ledger (u16 length), body (`machine/append-codec.ts`, any ledger id)
 *           command: a command of ledgers with its header, as it goes into the log
 *           confirm: nothing
 *
 * answer: u64 index of the log entry, u64 value, u32 count, u64 stamp, u8 repeated. The value is the first index of
 * an append and the oldest one after a trim.
 */
import type { LogIndex, Millis } from '../base/brand.ts'
import { BytesError, Reader, Writer } from '../base/bytes.ts'
import { unreachable } from '../base/assert.ts'
import { COMMAND_HEADER_BYTES } from '../broker/machine/command-encode.ts'
import { APPEND_HEADER_BYTES, type AppendBody } from './machine/append-codec.ts'
import { decodeLedgerCommand, encodeLedgerCommand } from './machine/command-codec.ts'
import type { LedgerCommand } from './machine/commands.ts'

const VERSION = 1
const METHODS = { append: 1, command: 2, confirm: 3 } as const
const ANSWER_BYTES = 29

/** The head of a call, for the router. */
export interface LedgerHead {
  readonly method: keyof typeof METHODS
  readonly remainingMs: number
  /**
   * Only a leader of this term may take the call; 0: any. What one leader is asked in one term, one call after the
   * other, stands in its log in this order, so if a later one survives the earlier ones do.
   */
  readonly term: number
}

/** What is asked. `byteLength` is about the memory that it holds. */
export type LedgerRequest =
  | {
      readonly type: 'append'
      readonly byteLength: number
      readonly ledger: string
      readonly body: AppendBody
    }
  | { readonly type: 'command'; readonly byteLength: number; readonly command: LedgerCommand }
  | { readonly type: 'confirm'; readonly byteLength: number }

/** What the leader answers. Fields that say nothing are 0. */
export interface LedgerAnswer {
  readonly index: LogIndex
  readonly value: number
  readonly count: number
  readonly stampMs: Millis
  readonly repeated: boolean
}

/** A call as the bytes of a member's call to another one. Bodies of entries are not copied. */
export function encodeLedgerCall(head: LedgerHead, request: LedgerRequest): readonly Uint8Array[] {
  const into = new Writer(64).uint8(VERSION).uint8(METHODS[request.type])
  into.uint32(Math.min(Math.max(Math.trunc(head.remainingMs), 0), 0xffff_ffff)).uint64(head.term)
  switch (request.type) {
    case 'append':
      return [into.text16(request.ledger).done(), ...request.body.chunks]
    case 'command':
      return [into.done(), ...encodeLedgerCommand(request.command).chunks]
    case 'confirm':
      return [into.done()]
    default:
      return unreachable(request)
  }
}

/** A call as it was asked. */
export interface LedgerCall {
  readonly term: number
  readonly request: LedgerRequest
}

/** Reads a call. Throws `BytesError`. What is kept of an append is a view of `bytes`, but for its head. */
export function decodeLedgerCall(bytes: Uint8Array): LedgerCall {
  const reader = new Reader(bytes)
  if (reader.uint8() !== VERSION) throw new BytesError('a ledger call of an unknown version')
  const method = reader.uint8()
  reader.skip(4)
  const term = reader.uint64()
  return { term, request: readRequest(method, reader) }
}

function readRequest(method: number, reader: Reader): LedgerRequest {
  switch (method) {
    case METHODS.append: {
      const ledger = reader.text16()
      const size = reader.left
      const head = reader.take(APPEND_HEADER_BYTES).slice()
      const body = { size, chunks: [head, reader.take(reader.left)] }
      return { type: 'append', byteLength: size, ledger, body }
    }
    case METHODS.command: {
      const kind = reader.uint8()
      reader.skip(COMMAND_HEADER_BYTES - 1)
      const command = decodeLedgerCommand(kind, reader.take(reader.left))
      return { type: 'command', byteLength: reader.bytes.byteLength, command }
    }
    case METHODS.confirm:
      return { type: 'confirm', byteLength: 0 }
    default:
      throw new BytesError('a ledger call of an unknown method')
  }
}

export function encodeLedgerAnswer(answer: LedgerAnswer): Uint8Array {
  const into = new Writer(ANSWER_BYTES).uint64(answer.index).uint64(answer.value)
  into.uint32(answer.count).uint64(answer.stampMs)
  return into.uint8(answer.repeated ? 1 : 0).done()
}

/** Reads an answer. Throws `BytesError`. */
export function decodeLedgerAnswer(bytes: Uint8Array): LedgerAnswer {
  const reader = new Reader(bytes)
  const answer = {
    index: reader.uint64() as LogIndex,
    value: reader.uint64(),
    count: reader.uint32(),
    stampMs: reader.uint64() as Millis,
    repeated: reader.uint8() === 1,
  }
  reader.end()
  return answer
}
