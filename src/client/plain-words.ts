/** Why a call failed, in words for a person who asks "why does it not answer?". Pure. */
import type { BrokerError } from '../base/errors.ts'

/** `waitedMs` is how long the caller was ready to wait. */
export function plainWords(error: BrokerError, waitedMs: number): string {
  if (error.code === 'TIMEOUT') return `no answer within ${waitedMs / 1_000} s`
  if (/ECONNREFUSED/.test(error.message)) return 'connection refused, nothing listens there'
  if (/ENOTFOUND|EAI_AGAIN|Name resolution failed/.test(error.message)) return 'the host name is unknown'
  if (/ECONNRESET|socket hang up|EPIPE/.test(error.message)) return 'the connection was reset'
  if (/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/.test(error.message)) return 'the host cannot be reached'
  return error.message
}
