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
import { getUint64, setUint64, viewOf } from '../../base/bytes.ts'
import { type MachinePart, UnknownVersionError } from '../../base/state-machine.ts'
import { COMMAND_HEADER_BYTES, type EncodedCommand, isKnownKind, isKnownVersion } from './command-encode.ts'

export const ENTRY_VERSION = 1
export const ENTRY_HEADER_BYTES = 16
/** Stamps end here (the year 10889), so that no sum of a stamp and a duration leaves the whole numbers. */
export const STAMP_MS_MAX = 2 ** 48
const UINT64_HIGH_MAX = 0x1f_ffff

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

/** What stands before the commands of an entry. */
export interface EntryHeader {
  readonly stampMs: Millis
  readonly commandCount: number
}

/**
 * Reads the header of an entry that has bytes, and looks at the kind and version of every command before
 * any of them is applied. Returns `undefined` for bytes that are no entry. Throws `UnknownVersionError` for
 * an entry or command of a version that this program does not know. Commands that `part` knows are known.
 */
export function readEntryHeader(data: Uint8Array, part: MachinePart | null = null): EntryHeader | undefined {
  const view = viewOf(data)
  checkVersion(view.getUint8(0) === ENTRY_VERSION, 'an entry')
  if (data.byteLength < ENTRY_HEADER_BYTES) return undefined
  checkVersion((view.getUint32(0) & 0xff_ffff) === 0, 'an entry')
  if (view.getUint32(8) > UINT64_HIGH_MAX) return undefined
  const stampMs = getUint64(view, 8)
  if (stampMs > STAMP_MS_MAX) return undefined
  const commandCount = view.getUint32(4)
  let at = ENTRY_HEADER_BYTES
  for (let i = 0; i < commandCount; i++) {
    const end = commandEnd(view, at)
    if (end === undefined) break
    checkVersion(isKnown(view, at, part), 'a command')
    at = end
  }
  return { stampMs: stampMs as Millis, commandCount }
}

/** The stamp of an entry, whatever its commands are; `undefined` when the bytes are no entry of this version. */
export function stampOf(data: Uint8Array): Millis | undefined {
  const view = viewOf(data)
  if (data.byteLength < ENTRY_HEADER_BYTES || view.getUint8(0) !== ENTRY_VERSION) return undefined
  if (view.getUint32(8) > UINT64_HIGH_MAX) return undefined
  const stampMs = getUint64(view, 8)
  return stampMs > STAMP_MS_MAX ? undefined : (stampMs as Millis)
}

function isKnown(view: DataView, at: number, part: MachinePart | null): boolean {
  const kind = view.getUint8(at)
  const version = view.getUint8(at + 1)
  if (view.getUint16(at + 2) !== 0) return false
  return isKnownKind(kind) ? isKnownVersion(kind, version) : part?.knows(kind, version) === true
}

/** Where the command that starts at `at` ends; `undefined` when the bytes end before it does. */
export function commandEnd(view: DataView, at: number): number | undefined {
  if (at + COMMAND_HEADER_BYTES > view.byteLength) return undefined
  const end = at + COMMAND_HEADER_BYTES + view.getUint32(at + 4)
  return end > view.byteLength ? undefined : end
}

function checkVersion(known: boolean, what: string): void {
  if (!known) throw new UnknownVersionError(`${what} is of a kind or version that this program does not know`)
}
