/**
 * The file `log/base`: where the log begins on this member once its oldest segments are gone, and what its first
 * record continues. Replaced as a whole before the segments below it are removed. Without the file the log
 * begins at position 0.
 *
 * ```
 *  0  u32  magic "DLBS"
 *  4  u32  format version, 2
 *  8  u64  position of the first record that is kept: the start of a segment
 * 16  u64  index of the record before it
 * 24  u64  term of that record
 * 32  u32  its header CRC, which is the chain of the first record kept
 * 36  u64  index of the configuration that counted there; 0 for the one that the group began with
 * 44  u32  length of that configuration (configuration-codec.ts), 0 without one
 * 48  u32  CRC-32 of the configuration
 * 52        8 zero bytes
 * 60  u32  CRC-32 of the 60 bytes before it
 * 64       the configuration
 * ```
 *
 * The same again at 65,536, so that one bad sector loses nothing. Version 1 has zeros from 36 to 60, no
 * configuration, and its copy at 4,096; a program that knows only that one refuses the later.
 */
import { assert } from '../base/assert.ts'
import { type LogIndex, type LogPosition, logIndex, logPosition, type Term, term } from '../base/brand.ts'
import { BytesError, getUint64, setUint64, viewOf } from '../base/bytes.ts'
import { crc32 } from '../base/crc32.ts'
import { BrokerError } from '../base/errors.ts'
import type { Disk } from '../base/ports.ts'
import type { ConfigurationAt } from '../raft/types.ts'
import { readFully } from '../store/read-fully.ts'
import { decodeConfiguration, encodeConfiguration } from './configuration-codec.ts'
import { LOG_FOLDER } from './segment.ts'

/** The path of the file below the data folder. */
export const LOG_BASE_PATH = `${LOG_FOLDER}/base`
/** "DLBS". */
export const LOG_BASE_MAGIC = 0x444c4253

const VERSION = 2
const CRC_AT = 60
const HEAD_BYTES = 64
/** Where the copies stand, by version. */
const COPY_AT = 65_536
const OLD_COPY_AT = 4096
const HIGH_HALF_MAX = 0x1f_ffff
const NOTHING = new Uint8Array(0)

/** Where a log begins, and the record before that, which every member had committed. */
export interface LogBase {
  readonly position: LogPosition
  readonly index: LogIndex
  readonly term: Term
  readonly chain: number
  /** The configuration that counted there; `null` for the one that the group began with. */
  readonly configuration: ConfigurationAt | null
}

/** The base of a log that lost nothing. */
export const NO_BASE: LogBase = {
  position: logPosition(0),
  index: logIndex(0),
  term: term(0),
  chain: 0,
  configuration: null,
}

/** Reads the base. Throws DATA_DAMAGED when both copies are damaged. */
export async function readLogBase(disk: Disk): Promise<LogBase> {
  const names = await disk.list(LOG_FOLDER)
  if (!names.includes('base')) return NO_BASE
  const file = await disk.open(LOG_BASE_PATH, { create: false })
  try {
    const bytes = await readFully(file, new Uint8Array(await file.size()), 0)
    const base = decodeLogBase(bytes) ?? decodeBase(bytes, OLD_COPY_AT) ?? decodeBase(bytes, COPY_AT)
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
    const copy = encodeLogBase(base)
    for (const at of [0, COPY_AT]) await file.write([copy], at)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(path, LOG_BASE_PATH)
  await disk.syncFolder(LOG_FOLDER)
}

/** One copy of the content of the file, as members send it to each other. */
export function encodeLogBase(base: LogBase): Uint8Array {
  const { configuration } = base
  const body = configuration === null ? NOTHING : encodeConfiguration(configuration.configuration)
  const bytes = new Uint8Array(HEAD_BYTES + body.byteLength)
  assert(bytes.byteLength <= COPY_AT, 'a configuration has a limit', { size: body.byteLength })
  bytes.set(body, HEAD_BYTES)
  const view = viewOf(bytes)
  view.setUint32(0, LOG_BASE_MAGIC)
  view.setUint32(4, VERSION)
  setUint64(view, 8, base.position)
  setUint64(view, 16, base.index)
  setUint64(view, 24, base.term)
  view.setUint32(32, base.chain)
  setUint64(view, 36, configuration?.index ?? 0)
  view.setUint32(44, body.byteLength)
  view.setUint32(48, crc32(body))
  view.setUint32(CRC_AT, crc32(bytes.subarray(0, CRC_AT)))
  return bytes
}

/** What one copy of the content says; `undefined` when it is damaged. */
export function decodeLogBase(bytes: Uint8Array): LogBase | undefined {
  return decodeBase(bytes, 0)
}

function decodeBase(bytes: Uint8Array, at: number): LogBase | undefined {
  if (bytes.byteLength < at + HEAD_BYTES) return undefined
  const view = viewOf(bytes.subarray(at, at + HEAD_BYTES))
  if (view.getUint32(CRC_AT) !== crc32(bytes.subarray(at, at + CRC_AT))) return undefined
  const version = view.getUint32(4)
  if (view.getUint32(0) !== LOG_BASE_MAGIC || version < 1 || version > VERSION) return undefined
  if ([8, 16, 24, 36].some((place) => view.getUint32(place) > HIGH_HALF_MAX)) return undefined
  const configuration = configurationOf(view, bytes.subarray(at + HEAD_BYTES))
  if (configuration === undefined) return undefined
  return {
    position: logPosition(getUint64(view, 8)),
    index: logIndex(getUint64(view, 16)),
    term: term(getUint64(view, 24)),
    chain: view.getUint32(32),
    configuration,
  }
}

/** `undefined` when it is damaged. Version 1 has zeros here, which means none. */
function configurationOf(view: DataView, behind: Uint8Array): ConfigurationAt | null | undefined {
  const length = view.getUint32(44)
  if (length === 0) return null
  const body = behind.subarray(0, length)
  if (body.byteLength < length || crc32(body) !== view.getUint32(48)) return undefined
  try {
    return { index: logIndex(getUint64(view, 36)), configuration: decodeConfiguration(body) }
  } catch (error) {
    if (error instanceof BytesError) return undefined
    throw error
  }
}
