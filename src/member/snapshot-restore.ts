/**
 * Makes a new data folder from a saved group. What was written is read back and compared: the tables must give
 * the digest that was saved, and every record of the log must be sound and the last one be the one that was
 * saved. The caller writes the identity afterwards, the last step of a folder's making.
 */
import { logIndex, logPosition, term } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Clock, Disk, DiskFile, Kv, Logger } from '../base/ports.ts'
import { FailStop } from '../dledger/fail-stop.ts'
import { type LogBase, writeLogBase } from '../dledger/log-base.ts'
import { RecordIndex } from '../dledger/log-index.ts'
import { checkSegmentBytes, refuseExisting } from '../dledger/log-options.ts'
import { LogScan } from '../dledger/log-scan.ts'
import { MetaStore } from '../dledger/meta-store.ts'
import { LOG_FOLDER, type LogShape, SegmentFiles, segmentPath, segmentStart } from '../dledger/segment.ts'
import type { SnapshotFrame, SnapshotManifest } from '../dledger/snapshot-frames.ts'
import { SyncedMark } from '../dledger/synced-mark.ts'
import { loadMachine } from './load-machine.ts'

export interface NewFolder {
  readonly disk: Disk
  /** Empty tables. */
  readonly kv: Kv
  readonly clock: Clock
  readonly logger: Logger
  readonly shape: LogShape
}

/**
 * Writes everything but the identity, durably. Throws DATA_DAMAGED when what was saved is not whole,
 * CONFIG_INVALID for segments of another size, FOLDER_REFUSED when the folder holds something already.
 */
export async function restoreSnapshot(
  frames: AsyncIterable<SnapshotFrame>,
  folder: NewFolder,
): Promise<SnapshotManifest> {
  const { disk, kv, shape } = folder
  await refuseExisting(disk)
  const writer = new LogWriter(disk, shape)
  let manifest: SnapshotManifest | undefined
  const found = { rows: 0, logBytes: 0 }
  try {
    for await (const frame of frames) {
      if (frame.type === 'manifest') {
        manifest = frame.manifest
        checkSegmentBytes(manifest.segmentBytes, shape.segmentBytes)
      } else if (frame.type === 'rows') {
        await kv.batch(frame.rows.map(([key, value]) => ({ key, value })))
        found.rows += frame.rows.length
      } else if (frame.type === 'log') {
        await writer.write(frame.position, frame.bytes)
        found.logBytes += frame.bytes.byteLength
      } else if (frame.rows !== found.rows || frame.logBytes !== found.logBytes) {
        throw damaged('rows or bytes are missing')
      }
    }
  } finally {
    await writer.close()
  }
  if (manifest === undefined) throw damaged('it does not say what it is')
  await kv.sync()
  await checkTables(kv, manifest)
  await finishLog(folder, manifest)
  return manifest
}

/** Segment files that are written from front to end. */
class LogWriter {
  readonly #disk: Disk
  readonly #segmentBytes: number
  #start = -1
  #file: DiskFile | undefined

  constructor(disk: Disk, { segmentBytes }: LogShape) {
    this.#disk = disk
    this.#segmentBytes = segmentBytes
  }

  async write(position: number, bytes: Uint8Array): Promise<void> {
    const start = segmentStart(position, this.#segmentBytes)
    if (start !== this.#start) {
      await this.close()
      this.#file = await this.#disk.open(segmentPath(start), { create: true })
      this.#start = start
    }
    await this.#file?.write([bytes], position - start)
  }

  /** Makes the segment durable. */
  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.sync()
    await file?.close()
  }
}

async function checkTables(kv: Kv, manifest: SnapshotManifest): Promise<void> {
  const { machine, problems } = await loadMachine(kv)
  if (problems.length > 0) throw damaged(problems[0] ?? '')
  const { index, digest } = machine.digests().applied
  if (index === manifest.appliedIndex && digest === manifest.digest) return
  throw damaged(
    `its tables give digest ${digest} at entry ${index}, not ${manifest.digest} at ${manifest.appliedIndex}`,
  )
}

async function finishLog(folder: NewFolder, manifest: SnapshotManifest): Promise<void> {
  const { disk, clock, logger, shape } = folder
  const base: LogBase = {
    position: logPosition(manifest.base.position),
    index: logIndex(manifest.base.index),
    term: term(manifest.base.term),
    chain: manifest.base.chain,
    // The restored group is another one: it begins with its own configuration.
    configuration: null,
  }
  if (base.position > 0) await writeLogBase(disk, base)
  await disk.syncFolder(LOG_FOLDER)
  await checkLog(disk, shape, base, manifest)
  const mark = await SyncedMark.create(disk, clock, new FailStop('the log'), shape.segmentBytes)
  await mark.set(logPosition(manifest.end))
  await mark.close()
  const meta = await MetaStore.open(disk, { create: true }, logger)
  await meta.save({ term: term(manifest.term), votedFor: 0 })
  await meta.close()
}

async function checkLog(
  disk: Disk,
  shape: LogShape,
  base: LogBase,
  manifest: SnapshotManifest,
): Promise<void> {
  const files = await SegmentFiles.open(disk, shape, base.position)
  try {
    const index = new RecordIndex(shape.segmentBytes, base)
    const fault = await new LogScan(files, index, shape, () => Promise.resolve(undefined)).toFault()
    if (fault !== undefined)
      throw damaged(`the record at position ${fault.position} is wrong: ${fault.reason}`)
    if (index.lastIndex === manifest.appliedIndex && index.end === manifest.end) return
    throw damaged(`its log ends with entry ${index.lastIndex} instead of ${manifest.appliedIndex}`)
  } finally {
    await files.close()
  }
}

function damaged(reason: string): BrokerError {
  return new BrokerError('DATA_DAMAGED', `The saved group cannot be restored: ${reason}.`)
}
