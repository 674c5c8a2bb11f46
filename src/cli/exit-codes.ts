/** How the programs end. Scripts and service managers read these numbers. */
import { InvariantError } from '../base/assert.ts'
import { BrokerError, type ErrorCode } from '../base/errors.ts'

/** Errors that starting again does not mend. */
const CONFIG_CODES: readonly ErrorCode[] = ['CONFIG_INVALID', 'FOLDER_REFUSED', 'DATA_DAMAGED']

export const EXIT = {
  ok: 0,
  /** The operation failed. */
  failed: 1,
  /** The command line is wrong (EX_USAGE). */
  usage: 64,
  /** The configuration, the folder or the Node is wrong: starting again does not help (EX_CONFIG). */
  config: 78,
  /** A rule of ours is broken: the process no longer trusts itself (EX_SOFTWARE). */
  invariant: 70,
} as const

/** The code with which a program ends after this error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InvariantError) return EXIT.invariant
  const config = error instanceof BrokerError && CONFIG_CODES.includes(error.code)
  return config ? EXIT.config : EXIT.failed
}
