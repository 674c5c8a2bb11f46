/** What a status of apache.rocketmq.v2 means for a program of ours. Pure. */
import { BrokerError, type ErrorCode } from '../base/errors.ts'
import type { Status } from '../rpc/apache-definition.ts'
import { Code } from '../rpc/apache-enums.ts'

const KNOWN: Readonly<Record<number, ErrorCode>> = {
  [Code.ILLEGAL_TOPIC]: 'ILLEGAL_TOPIC',
  [Code.ILLEGAL_CONSUMER_GROUP]: 'ILLEGAL_GROUP',
  [Code.INVALID_RECEIPT_HANDLE]: 'INVALID_RECEIPT_HANDLE',
  [Code.ILLEGAL_OFFSET]: 'ILLEGAL_OFFSET',
  [Code.OFFSET_NOT_FOUND]: 'OFFSET_NOT_FOUND',
  [Code.TOPIC_NOT_FOUND]: 'TOPIC_NOT_FOUND',
  [Code.CONSUMER_GROUP_NOT_FOUND]: 'GROUP_NOT_FOUND',
  [Code.REQUEST_TIMEOUT]: 'TIMEOUT',
  [Code.PROXY_TIMEOUT]: 'TIMEOUT',
  [Code.TOO_MANY_REQUESTS]: 'BUSY',
  [Code.HA_NOT_AVAILABLE]: 'NO_LEADER',
  [Code.NOT_IMPLEMENTED]: 'NOT_IMPLEMENTED',
  [Code.FORBIDDEN]: 'FORBIDDEN',
  [Code.UNAUTHORIZED]: 'FORBIDDEN',
}

/** `undefined` when the status is OK. A missing status is an error of the server. */
export function errorOfStatus(status: Status | null | undefined): BrokerError | undefined {
  if (status?.code === Code.OK) return undefined
  const code = status?.code ?? Code.CODE_UNSPECIFIED
  const refused = code >= Code.BAD_REQUEST && code < Code.INTERNAL_ERROR
  const fallback = refused ? 'BAD_REQUEST' : 'CLOSED'
  const known = KNOWN[code] ?? fallback
  const outcome = refused && known !== 'TIMEOUT' ? 'none' : 'unknown'
  const words = status?.message ?? ''
  return new BrokerError(known, words === '' ? `the broker answered with code ${code}` : words, { outcome })
}
