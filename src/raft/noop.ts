/**
 * The entry that a new leader appends first. Only an entry of its own term lets it commit what earlier
 * terms left behind (thesis 3.6.2, 6.4).
 */
import type { Payload } from './types.ts'

/** What an entry without content takes in the log: the header of a record and nothing else, in bytes. */
export const NOOP_RECORD_BYTES = 64

/** The one payload that the core makes itself. In a `Write` of this node it is known by identity. */
export const NOOP: Payload = Object.freeze({ size: NOOP_RECORD_BYTES })

/** Did this node's core make the payload as the first entry of its term? */
export function isNoop(payload: Payload): boolean {
  return payload === NOOP
}
