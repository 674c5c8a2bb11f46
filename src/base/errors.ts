/**
 * What the world does wrong: one class, one list of codes, and for each error whether the operation may
 * still have happened. Never turn `unknown` into a failure: the operation may commit later.
 */

/** Every code that an operation of this system can end with. The proxy translates them for clients. */
export type ErrorCode =
  // Where the request went
  | 'NOT_LEADER'
  | 'NO_LEADER'
  | 'TIMEOUT'
  | 'CANCELLED'
  | 'BUSY'
  | 'CLOSED'
  // What the request asked
  | 'BAD_REQUEST'
  | 'TOPIC_NOT_FOUND'
  | 'TOPIC_EXISTS'
  | 'GROUP_NOT_FOUND'
  | 'GROUP_EXISTS'
  | 'LEDGER_NOT_FOUND'
  | 'LEDGER_EXISTS'
  | 'ILLEGAL_LEDGER'
  | 'CONDITION_FAILED'
  | 'INDEX_OUT_OF_RANGE'
  | 'ILLEGAL_TOPIC'
  | 'ILLEGAL_GROUP'
  | 'INVALID_RECEIPT_HANDLE'
  | 'ILLEGAL_OPERATION'
  | 'WRONG_MESSAGE_TYPE'
  | 'ILLEGAL_OFFSET'
  | 'OFFSET_NOT_FOUND'
  | 'INVALID_TRANSACTION_ID'
  | 'CLIENT_NOT_FOUND'
  | 'LIMIT_REACHED'
  | 'NOT_IMPLEMENTED'
  | 'FORBIDDEN'
  // What the machine under it does
  | 'DISK_FULL'
  | 'STORAGE_FAILED'
  | 'DATA_DAMAGED'
  | 'FOLDER_REFUSED'
  | 'PEER_REFUSED'
  | 'CONFIG_INVALID'

/** `none`: nothing happened and nothing will. `unknown`: it may have happened or may still commit. */
export type Outcome = 'none' | 'unknown'

/** An error that a caller can act on. `message` is one clear sentence for a person. */
export class BrokerError extends Error {
  readonly code: ErrorCode
  readonly outcome: Outcome

  constructor(code: ErrorCode, message: string, options: { outcome?: Outcome; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'BrokerError'
    this.code = code
    this.outcome = options.outcome ?? 'none'
  }
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
