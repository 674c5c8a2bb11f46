/**
 * The bodies of the frames that carry calls. Every one opens with the number of the call (u32, big-endian,
 * chosen by the caller, unique among the calls that wait on the connection).
 * Pure.
 *
 *   call        u32 number, u16 kind, then the request
 *   callReply   u32 number, then the answer
 *   callError   u32 number, u8 outcome (0 none, 1 unknown), u16 length and code, u16 length and message
 *   callCancel  u32 number
 */
import { BytesError, Reader, Writer } from '../../base/bytes.ts'
import { BrokerError, type ErrorCode } from '../../base/errors.ts'
import { FrameError } from './frame-codec.ts'

export const CALL_HEAD_BYTES = 6
export const REPLY_HEAD_BYTES = 4
const MESSAGE_LENGTH_MAX = 1000

/** Every code there is, since a peer may run another version of this program. */
const CODES: Readonly<Record<ErrorCode, true>> = {
  NOT_LEADER: true,
  NO_LEADER: true,
  TIMEOUT: true,
  CANCELLED: true,
  BUSY: true,
  CLOSED: true,
  BAD_REQUEST: true,
  TOPIC_NOT_FOUND: true,
  TOPIC_EXISTS: true,
  GROUP_NOT_FOUND: true,
  GROUP_EXISTS: true,
  LEDGER_NOT_FOUND: true,
  LEDGER_EXISTS: true,
  ILLEGAL_LEDGER: true,
  CONDITION_FAILED: true,
  INDEX_OUT_OF_RANGE: true,
  ILLEGAL_TOPIC: true,
  ILLEGAL_GROUP: true,
  INVALID_RECEIPT_HANDLE: true,
  ILLEGAL_OPERATION: true,
  WRONG_MESSAGE_TYPE: true,
  ILLEGAL_OFFSET: true,
  OFFSET_NOT_FOUND: true,
  INVALID_TRANSACTION_ID: true,
  CLIENT_NOT_FOUND: true,
  LIMIT_REACHED: true,
  NOT_IMPLEMENTED: true,
  FORBIDDEN: true,
  DISK_FULL: true,
  STORAGE_FAILED: true,
  DATA_DAMAGED: true,
  FOLDER_REFUSED: true,
  PEER_REFUSED: true,
  CONFIG_INVALID: true,
}

export function callHead(number: number, kind: number): Uint8Array {
  return new Writer(CALL_HEAD_BYTES).uint32(number).uint16(kind).done()
}

/** The head of an answer, and the whole body of a cancel. */
export function numberHead(number: number): Uint8Array {
  return new Writer(REPLY_HEAD_BYTES).uint32(number).done()
}

export function errorBody(number: number, error: BrokerError): Uint8Array {
  return new Writer()
    .uint32(number)
    .uint8(error.outcome === 'unknown' ? 1 : 0)
    .text16(error.code)
    .text16(error.message.slice(0, MESSAGE_LENGTH_MAX))
    .done()
}

/** Reads a call; the request is a view. Throws `FrameError`. */
export function readCall(body: Uint8Array): { number: number; kind: number; request: Uint8Array } {
  return refused(() => {
    const reader = new Reader(body)
    return { number: reader.uint32(), kind: reader.uint16(), request: reader.take(reader.left) }
  })
}

/** Reads an answer; it is a view. Throws `FrameError`. */
export function readReply(body: Uint8Array): { number: number; reply: Uint8Array } {
  return refused(() => {
    const reader = new Reader(body)
    return { number: reader.uint32(), reply: reader.take(reader.left) }
  })
}

/** Reads a cancel. Throws `FrameError`. */
export function readCancel(body: Uint8Array): number {
  return refused(() => {
    const reader = new Reader(body)
    const number = reader.uint32()
    reader.end()
    return number
  })
}

/**
 * Reads the error of a call. A code that only a newer version knows becomes `NOT_IMPLEMENTED`, its outcome
 * stays. Throws `FrameError`.
 */
export function readError(body: Uint8Array): { number: number; error: BrokerError } {
  return refused(() => {
    const reader = new Reader(body)
    const number = reader.uint32()
    const outcome = reader.uint8() === 0 ? 'none' : 'unknown'
    const code = reader.text16()
    const message = reader.text16()
    reader.end()
    const known = isCode(code)
    return {
      number,
      error: new BrokerError(known ? code : 'NOT_IMPLEMENTED', known ? message : `${code}: ${message}`, {
        outcome,
      }),
    }
  })
}

function isCode(text: string): text is ErrorCode {
  return Object.hasOwn(CODES, text)
}

function refused<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof BytesError) throw new FrameError(`the body of a call is damaged: ${error.message}`)
    throw error
  }
}
