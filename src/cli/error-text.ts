/** Errors as one sentence for a person. */
import { BrokerError, messageOf } from '../base/errors.ts'

/** The words of an error; for one of ours that should not be, the stack too, because it is a bug. */
export function sentenceOf(error: unknown): string {
  if (error instanceof BrokerError) return error.message
  return error instanceof Error && process.env['DLEDGER_DEBUG'] === undefined
    ? `${messageOf(error)} (set DLEDGER_DEBUG=1 to see where)`
    : String(error instanceof Error ? error.stack : error)
}
