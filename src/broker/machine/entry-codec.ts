/**
 * The bytes of one log entry of the broker: a stamp and the commands of one turn.
 *
 *   0  u8   version, 1
 *   1  u8   0
 *   2  u16  0
 *   4  u32  how many commands follow
 *   8  u64  stamp, milliseconds of log time
 *  16       commands, one after the other:
 *             0  u8   kind
 *             1  u8   version of this kind
 *             2  u16  0
 *             4  u32  length of the body
 *             8       body, see `command-encode.ts`
 *
 * An entry without bytes is Raft's own: it has no commands and no stamp.
 */
import { assert } from '../../base/assert.ts'
import type { Millis } from '../../base/brand.ts'
import { setUint64, viewOf } from '../../base/bytes.ts'

export const ENTRY_VERSION = 1
export const ENTRY_HEADER_BYTES = 16
export const COMMAND_HEADER_BYTES = 8
/** Stamps end here (the year 10889), so that no sum of a stamp and a duration leaves the whole numbers. */
export const STAMP_MS_MAX = 2 ** 48

/** A command as bytes with its header. Large message bytes are a chunk of their own and are not copied. */
export interface EncodedCommand {
  readonly size: number
  readonly chunks: readonly Uint8Array[]
}

/** The data of an entry, to be written chunk after chunk. */
export interface EncodedEntry {
  readonly size: number
  readonly chunks: readonly Uint8Array[]
}

/** Puts commands of one turn into one entry. `stampMs` is log time as the leader has it. */
export function encodeEntry(stampMs: Millis, commands: readonly EncodedCommand[]): EncodedEntry {
  assert(stampMs <= STAMP_MS_MAX, 'a stamp is in range', { stampMs })
  const header = new Uint8Array(ENTRY_HEADER_BYTES)
  const view = viewOf(header)
  view.setUint8(0, ENTRY_VERSION)
  view.setUint32(4, commands.length)
  setUint64(view, 8, stampMs)
  let size = ENTRY_HEADER_BYTES
  const chunks: Uint8Array[] = [header]
  for (const command of commands) {
    size += command.size
    for (const chunk of command.chunks) chunks.push(chunk)
  }
  return { size, chunks }
}
