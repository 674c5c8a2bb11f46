/**
 * The one table from what went wrong to the status that a client is told, in the body of the response. The
 * codes are those of grpc-contract section 10. Pure.
 */
import { BytesError } from '../base/bytes.ts'
import { BrokerError, type ErrorCode } from '../base/errors.ts'
import { Code } from '../rpc/apache-enums.ts'
import { Refusal } from './refusal.ts'

/** A `Status` of apache.rocketmq.v2. */
export interface ClientStatus {
  readonly code: number
  readonly message: string
}

/** The status of everything that went well. */
export const OK: ClientStatus = { code: Code.OK, message: 'OK' }

const CODES: Readonly<Record<ErrorCode, number>> = {
  NOT_LEADER: Code.INTERNAL_SERVER_ERROR,
  NO_LEADER: Code.INTERNAL_SERVER_ERROR,
  TIMEOUT: Code.INTERNAL_SERVER_ERROR,
  CANCELLED: Code.INTERNAL_SERVER_ERROR,
  BUSY: Code.TOO_MANY_REQUESTS,
  CLOSED: Code.INTERNAL_SERVER_ERROR,
  BAD_REQUEST: Code.BAD_REQUEST,
  TOPIC_NOT_FOUND: Code.TOPIC_NOT_FOUND,
  TOPIC_EXISTS: Code.BAD_REQUEST,
  GROUP_NOT_FOUND: Code.CONSUMER_GROUP_NOT_FOUND,
  GROUP_EXISTS: Code.BAD_REQUEST,
  LEDGER_NOT_FOUND: Code.BAD_REQUEST,
  LEDGER_EXISTS: Code.BAD_REQUEST,
  ILLEGAL_LEDGER: Code.BAD_REQUEST,
  CONDITION_FAILED: Code.BAD_REQUEST,
  INDEX_OUT_OF_RANGE: Code.BAD_REQUEST,
  ILLEGAL_TOPIC: Code.ILLEGAL_TOPIC,
  ILLEGAL_GROUP: Code.ILLEGAL_CONSUMER_GROUP,
  INVALID_RECEIPT_HANDLE: Code.INVALID_RECEIPT_HANDLE,
  ILLEGAL_OPERATION: Code.INTERNAL_SERVER_ERROR,
  WRONG_MESSAGE_TYPE: Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE,
  ILLEGAL_OFFSET: Code.ILLEGAL_OFFSET,
  OFFSET_NOT_FOUND: Code.OFFSET_NOT_FOUND,
  INVALID_TRANSACTION_ID: Code.INVALID_TRANSACTION_ID,
  CLIENT_NOT_FOUND: Code.NOT_FOUND,
  LIMIT_REACHED: Code.TOO_MANY_REQUESTS,
  NOT_IMPLEMENTED: Code.NOT_IMPLEMENTED,
  FORBIDDEN: Code.FORBIDDEN,
  DISK_FULL: Code.INTERNAL_SERVER_ERROR,
  STORAGE_FAILED: Code.INTERNAL_SERVER_ERROR,
  DATA_DAMAGED: Code.INTERNAL_SERVER_ERROR,
  FOLDER_REFUSED: Code.INTERNAL_SERVER_ERROR,
  PEER_REFUSED: Code.INTERNAL_SERVER_ERROR,
  CONFIG_INVALID: Code.INTERNAL_SERVER_ERROR,
}

/** These tell of the way to the leader and not of the request: another try may go well. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['NOT_LEADER', 'NO_LEADER', 'TIMEOUT', 'CANCELLED', 'CLOSED'])

/**
 * The status for what was thrown. An outcome that is unknown is always PROXY_TIMEOUT: never a failure.
 * Anything that is no refusal of ours is thrown again.
 */
export function statusOf(error: unknown): ClientStatus {
  if (error instanceof Refusal) return { code: error.code, message: error.message }
  if (error instanceof BytesError) return { code: Code.BAD_REQUEST, message: error.message }
  if (!(error instanceof BrokerError)) throw error
  if (error.outcome === 'unknown') {
    return { code: Code.PROXY_TIMEOUT, message: `outcome unknown: ${error.message}` }
  }
  return { code: CODES[error.code], message: error.message }
}

/** Whether the request may be tried again, at another leader or later, before its client is answered. */
export function isPassing(error: unknown): error is BrokerError {
  return error instanceof BrokerError && (error.outcome === 'unknown' || PASSING.has(error.code))
}

/** The common status of all entries of an answer: MULTIPLE_RESULTS when they differ. */
export function commonStatus(entries: readonly ClientStatus[]): ClientStatus {
  const [first] = entries
  if (first === undefined) return { code: Code.INTERNAL_SERVER_ERROR, message: 'no entries' }
  return entries.every((entry) => entry.code === first.code)
    ? first
    : { code: Code.MULTIPLE_RESULTS, message: 'multiple results' }
}
