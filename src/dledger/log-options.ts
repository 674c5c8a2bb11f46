/** How a log is opened: what its owner gives, and the checks of it that need no log. */
import { assert } from '../base/assert.ts'
import type { LogIndex, Term } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import { ENTRY_BYTES_MAX, SEGMENT_BYTES, WRITE_BYTES_MAX } from '../base/limits.ts'
import type { Clock, Disk } from '../base/ports.ts'
import type { LogBase } from './log-base.ts'
import type { FetchedLog, LogSource } from './log-source.ts'
import { RECORD_HEADER_BYTES } from './record-codec.ts'
import { LOG_FOLDER, type LogShape, segmentStartOf } from './segment.ts'

/** Where damage of the log is repaired from. */
export interface LogRepair {
  readonly source: LogSource
  /** Ends the waiting for a peer. */
  readonly signal: AbortSignal
  /**
   * Called when recovery is about to wait for a peer, with what answers the peers meanwhile (log-server.ts):
   * they may be damaged elsewhere and wait for this member. Afterwards `LogStore.serve` answers.
   */
  readonly recovering: (serve: (first: LogIndex, bytesMax: number) => Promise<FetchedLog>) => void
}

/** How a log is opened. Sizes are given by tests only, and never change for a log. */
export interface LogStoreOptions {
  readonly clock: Clock
  /** True on the first start of a folder: makes an empty log. False: a missing log is refused. */
  readonly create: boolean
  /** The term on this member's disk; 0 if not given. */
  readonly term?: Term
  /** Everything up to here is committed, as the tables know; 0 if not given. */
  readonly committedIndex?: LogIndex
  /** If not given, damage is refused. */
  readonly repair?: LogRepair
  /** Called once, with STORAGE_FAILED, when the store is poisoned (also from its background work). */
  readonly onFailure?: (error: BrokerError) => void
  readonly segmentBytes?: number
  readonly recordBytesMax?: number
  readonly tailCacheBytesMax?: number
  readonly writeBytesMax?: number
}

/** The sizes of the log. Throws CONFIG_INVALID when they do not fit each other. */
export function shapeOf(options: LogStoreOptions): LogShape {
  const shape = {
    segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
    recordBytesMax: options.recordBytesMax ?? ENTRY_BYTES_MAX + RECORD_HEADER_BYTES,
    writeBytesMax: options.writeBytesMax ?? WRITE_BYTES_MAX,
  }
  assert(shape.segmentBytes <= 0xffff_ffff, 'an offset in a segment fits 32 bits', shape)
  if (shape.segmentBytes < shape.recordBytesMax) {
    const message = `Log segments of ${shape.segmentBytes} bytes are too small for the largest record of ${shape.recordBytesMax} bytes.`
    throw new BrokerError('CONFIG_INVALID', message)
  }
  assert(shape.recordBytesMax < shape.writeBytesMax, 'a record fits a write', shape)
  return shape
}

/** Throws CONFIG_INVALID when the log was made with segments of another size. */
export function checkSegmentBytes(made: number, wanted: number): void {
  if (made === wanted) return
  const message = `The log was made with segments of ${made} bytes and cannot be used with ${wanted}.`
  throw new BrokerError('CONFIG_INVALID', message)
}

/** Throws DATA_DAMAGED when the log begins behind what the tables know: entries between were lost. */
export function checkReach(base: LogBase, appliedIndex: LogIndex | undefined): void {
  if (appliedIndex === undefined || appliedIndex >= base.index) return
  const message = `The log begins behind entry ${base.index} but the tables know only entry ${appliedIndex}: they are lost or an older copy.`
  throw new BrokerError('DATA_DAMAGED', message)
}

/** Makes the folder of a new log. Throws FOLDER_REFUSED when it holds a log. */
export async function refuseExisting(disk: Disk): Promise<void> {
  await disk.makeFolder(LOG_FOLDER)
  await disk.syncFolder('.')
  const names = await disk.list(LOG_FOLDER)
  if (names.every((name) => segmentStartOf(name) === undefined)) return
  throw new BrokerError('FOLDER_REFUSED', 'The data folder holds a log already, but no identity.')
}
