/**
 * The one table between `BrokerError` and gRPC statuses for the dledger.v1 services. The metadata key
 * `dledger-code` names the error, `dledger-outcome` says whether the operation may still have happened.
 */
import { BrokerError, type ErrorCode, type Outcome } from '../base/errors.ts'
import { GrpcCode, GrpcFailure } from './service.ts'

/** Names the `ErrorCode` in the trailers of a failed call. */
export const CODE_KEY = 'dledger-code'
/** Holds the `Outcome` in the trailers of a failed call. */
export const OUTCOME_KEY = 'dledger-outcome'

const GRPC_CODES: Readonly<Record<ErrorCode, GrpcCode>> = {
  NOT_LEADER: GrpcCode.UNAVAILABLE,
  NO_LEADER: GrpcCode.UNAVAILABLE,
  TIMEOUT: GrpcCode.DEADLINE_EXCEEDED,
  CANCELLED: GrpcCode.CANCELLED,
  BUSY: GrpcCode.RESOURCE_EXHAUSTED,
  CLOSED: GrpcCode.UNAVAILABLE,
  BAD_REQUEST: GrpcCode.INVALID_ARGUMENT,
  TOPIC_NOT_FOUND: GrpcCode.NOT_FOUND,
  TOPIC_EXISTS: GrpcCode.ALREADY_EXISTS,
  GROUP_NOT_FOUND: GrpcCode.NOT_FOUND,
  GROUP_EXISTS: GrpcCode.ALREADY_EXISTS,
  LEDGER_NOT_FOUND: GrpcCode.NOT_FOUND,
  LEDGER_EXISTS: GrpcCode.ALREADY_EXISTS,
  ILLEGAL_LEDGER: GrpcCode.INVALID_ARGUMENT,
  CONDITION_FAILED: GrpcCode.ABORTED,
  INDEX_OUT_OF_RANGE: GrpcCode.OUT_OF_RANGE,
  ILLEGAL_TOPIC: GrpcCode.INVALID_ARGUMENT,
  ILLEGAL_GROUP: GrpcCode.INVALID_ARGUMENT,
  INVALID_RECEIPT_HANDLE: GrpcCode.INVALID_ARGUMENT,
  ILLEGAL_OPERATION: GrpcCode.FAILED_PRECONDITION,
  WRONG_MESSAGE_TYPE: GrpcCode.FAILED_PRECONDITION,
  ILLEGAL_OFFSET: GrpcCode.OUT_OF_RANGE,
  OFFSET_NOT_FOUND: GrpcCode.NOT_FOUND,
  INVALID_TRANSACTION_ID: GrpcCode.NOT_FOUND,
  CLIENT_NOT_FOUND: GrpcCode.NOT_FOUND,
  LIMIT_REACHED: GrpcCode.RESOURCE_EXHAUSTED,
  NOT_IMPLEMENTED: GrpcCode.UNIMPLEMENTED,
  FORBIDDEN: GrpcCode.PERMISSION_DENIED,
  DISK_FULL: GrpcCode.RESOURCE_EXHAUSTED,
  STORAGE_FAILED: GrpcCode.INTERNAL,
  DATA_DAMAGED: GrpcCode.DATA_LOSS,
  FOLDER_REFUSED: GrpcCode.FAILED_PRECONDITION,
  PEER_REFUSED: GrpcCode.FAILED_PRECONDITION,
  CONFIG_INVALID: GrpcCode.FAILED_PRECONDITION,
}

/** What a status means when the trailers do not name an error: no member of ours has answered. */
const FOREIGN: Readonly<Record<number, readonly [code: ErrorCode, outcome: Outcome]>> = {
  [GrpcCode.CANCELLED]: ['CANCELLED', 'unknown'],
  [GrpcCode.INVALID_ARGUMENT]: ['BAD_REQUEST', 'none'],
  [GrpcCode.DEADLINE_EXCEEDED]: ['TIMEOUT', 'unknown'],
  [GrpcCode.PERMISSION_DENIED]: ['FORBIDDEN', 'none'],
  [GrpcCode.RESOURCE_EXHAUSTED]: ['BUSY', 'none'],
  [GrpcCode.UNIMPLEMENTED]: ['NOT_IMPLEMENTED', 'none'],
  [GrpcCode.UNAUTHENTICATED]: ['FORBIDDEN', 'none'],
}

/** How a call ends with a `BrokerError`. */
export function failureOf(error: BrokerError): GrpcFailure {
  const metadata = { [CODE_KEY]: error.code, [OUTCOME_KEY]: error.outcome }
  return new GrpcFailure(GRPC_CODES[error.code], error.message, { metadata, cause: error })
}

/**
 * The error that a failed call stands for. `metadata` looks a trailer up. Without our trailers nothing is
 * known about a call that was under way, so the outcome is `unknown` unless the status excludes it.
 */
export function brokerErrorOf(
  code: number,
  message: string,
  metadata: (name: string) => string | undefined,
  cause?: unknown,
): BrokerError {
  const named = metadata(CODE_KEY)
  if (named !== undefined && isErrorCode(named)) {
    const outcome = metadata(OUTCOME_KEY) === 'none' ? 'none' : 'unknown'
    return new BrokerError(named, message, { outcome, cause })
  }
  const [foreign, outcome] = FOREIGN[code] ?? ['CLOSED', 'unknown']
  return new BrokerError(foreign, message, { outcome, cause })
}

function isErrorCode(name: string): name is ErrorCode {
  return Object.hasOwn(GRPC_CODES, name)
}
