/** Configurations as the log holds them: the bodies of records of a kind of their own. */
import { BytesError } from '../base/bytes.ts'
import type { Configuration } from '../raft/types.ts'
import { decodeConfiguration } from './configuration-codec.ts'
import { RECORD_HEADER_BYTES, RECORD_KIND, type RecordHeader } from './record-codec.ts'

/**
 * The configuration in the sound record that begins at `at`; `undefined` for a record of another kind, a reason for
 * a body that makes no sense here. Never throws.
 */
export function configurationIn(
  header: RecordHeader,
  bytes: Uint8Array,
  at: number,
): Configuration | string | undefined {
  if (header.kind !== RECORD_KIND.configuration) return undefined
  try {
    return decodeConfiguration(bytes.subarray(at + RECORD_HEADER_BYTES, at + header.length))
  } catch (error) {
    if (error instanceof BytesError) return error.message
    throw error
  }
}
