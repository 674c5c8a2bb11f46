/**
 * The file `log/base`: where the log begins on this member once its oldest segments are gone, and what its first
 * record continues. Replaced as a whole before the segments below it are removed. Without the file the log
 * begins at position 0.
 *
 * ```
 *  0  u32  magic "DLBS"
 *  4  u32  format version, 1
 *  8  u64  position of the first record that is kept: the start of a segment
 * 16  u64  index of the record before it
 * 24  u64  term of that record
 * 32  u32  its header CRC, which is the chain of the first record kept
 * 36       24 zero bytes
 * 60  u32  CRC-32 of the 60 bytes before it
 * ```
 *
 * The same again at 4,096, so that one bad sector loses nothing.
 */
import { type LogIndex, type LogPosition, logIndex, logPosition, type Term, term } from '../base/brand.ts'
import { getUint64, setUint64, viewOf } from '../base/bytes.ts'
import { crc32 } from '../base/crc32.ts'
import { BrokerError } from '../base/errors.ts'
import type { Disk } from '../base/ports.ts'
import { readFully } from '../store/read-fully.ts'
import { LOG_FOLDER } from './segment.ts'

/** The path of the file below the data folder. */
export const LOG_BASE_PATH = `${LOG_FOLDER}/base`
/** "DLBS". */
export const LOG_BASE_MAGIC = 0x444c4253

const VERSION = 1
const CRC_AT = 60
const CONTENT_BYTES = 64
const COPY_AT = 4096
const HIGH_HALF_MAX = 0x1f_ffff

/** Where a log begins, and the record before that, which every member had committed. */
export interface LogBase {
  readonly position: LogPosition
  readonly index: LogIndex
  readonly term: Term
  readonly chain: number
}

/** The base of a log that lost nothing. */
export const NO_BASE: LogBase = { position: logPosition(0), index: logIndex(0), term: term(0), chain: 0 }

/** Reads the base. Throws DATA_DAMAGED when both copies are damaged. */
export async function readLogBase(disk: Disk): Promise<LogBase> {
  const names = await disk.list(LOG_FOLDER)
  if (!names.includes('base')) return NO_BASE
  const file = await disk.open(LOG_BASE_PATH, { create: false })
  try {
    const bytes = await readFully(file, new Uint8Array(COPY_AT + CONTENT_BYTES), 0)
    const base = decodeBase(bytes, 0) ?? decodeBase(bytes, COPY_AT)
    if (base !== undefined) return base
  } finally {
    await file.close()
  }
  throw new BrokerError(
    'DATA_DAMAGED',
    `The file ${LOG_BASE_PATH}, which tells where the log begins, is damaged.`,
  )
}

/** Replaces the base, durably. What fails before the rename leaves the old one in place. */
export async function writeLogBase(disk: Disk, base: LogBase): Promise<void> {
  const path = `${LOG_BASE_PATH}.new`
  const file = await disk.open(path, { create: true })
  try {
    const bytes = new Uint8Array(COPY_AT + CONTENT_BYTES)
    for (const at of [0, COPY_AT]) encodeBase(bytes.subarray(at, at + CONTENT_BYTES), base)
    await file.write([bytes], 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(path, LOG_BASE_PATH)
  await disk.syncFolder(LOG_FOLDER)
}

function encodeBase(into: Uint8Array, base: LogBase): void {
  const view = viewOf(into)
  view.setUint32(0, LOG_BASE_MAGIC)
  view.setUint32(4, VERSION)
  setUint64(view, 8, base.position)
  setUint64(view, 16, base.index)
  setUint64(view, 24, base.term)
  view.setUint32(32, base.chain)
  view.setUint32(CRC_AT, crc32(into.subarray(0, CRC_AT)))
}

function decodeBase(bytes: Uint8Array, at: number): LogBase | undefined {
  if (bytes.byteLength < at + CONTENT_BYTES) return undefined
  const view = viewOf(bytes.subarray(at, at + CONTENT_BYTES))
  if (view.getUint32(CRC_AT) !== crc32(bytes.subarray(at, at + CRC_AT))) return undefined
  if (view.getUint32(0) !== LOG_BASE_MAGIC || view.getUint32(4) !== VERSION) return undefined
  if ([8, 16, 24].some((place) => view.getUint32(place) > HIGH_HALF_MAX)) return undefined
  return {
    position: logPosition(getUint64(view, 8)),
    index: logIndex(getUint64(view, 16)),
    term: term(getUint64(view, 24)),
    chain: view.getUint32(32),
  }
}
