/**
 * Saves what a member holds: its tables, and the log up to the entry that they know. The member does not run
 * meanwhile; its group goes on without it. Every record is checked before it is written.
 */
import { logIndex, logPosition } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Clock, Disk, Kv } from '../base/ports.ts'
import { type BrokerMachine, MACHINE_ROWS_END, MACHINE_ROWS_START } from '../broker/machine/index.ts'
import { FailStop } from '../dledger/fail-stop.ts'
import type { Identity } from '../dledger/identity-store.ts'
import { readLogBase } from '../dledger/log-base.ts'
import { RecordIndex } from '../dledger/log-index.ts'
import { LogScan } from '../dledger/log-scan.ts'
import { type LogShape, SegmentFiles, segmentStart } from '../dledger/segment.ts'
import { SnapshotEncoder, type SnapshotManifest } from '../dledger/snapshot-frames.ts'
import { SyncedMark } from '../dledger/synced-mark.ts'
import { readFully } from '../store/read-fully.ts'
import { loadMachine } from './load-machine.ts'

/** How much of the log a frame holds. */
const LOG_FRAME_BYTES = 1024 * 1024

export interface SavedFolder {
  readonly disk: Disk
  readonly kv: Kv
  readonly identity: Pick<Identity, 'clusterId' | 'group' | 'members'>
  readonly clock: Clock
  /** Limits of the log, without the size of its segments, which the folder tells. */
  readonly limits: Omit<LogShape, 'segmentBytes'>
}

/**
 * Hands the bytes of the saved group to `write`, one after the other. Throws DATA_DAMAGED when tables or log are
 * not whole: then another member is saved.
 */
export async function saveSnapshot(
  folder: SavedFolder,
  write: (chunks: readonly Uint8Array[]) => Promise<void>,
): Promise<SnapshotManifest> {
  const { disk, kv, identity, clock, limits } = folder
  const { machine, rowCount } = await loadTables(kv)
  const mark = await SyncedMark.open(disk, clock, new FailStop('the log'))
  const { segmentBytes } = mark
  await mark.close()
  const shape = { ...limits, segmentBytes }
  const base = await readLogBase(disk)
  const files = await SegmentFiles.open(disk, shape, base.position)
  try {
    const index = new RecordIndex(segmentBytes, base)
    const fault = await new LogScan(files, index, shape, () => Promise.resolve(undefined)).toFault()
    const { applied } = machine.digests()
    if (index.lastIndex < applied.index) {
      const reason = fault?.reason ?? 'it ends there'
      throw damaged(`the log is sound only up to entry ${index.lastIndex} of ${applied.index}: ${reason}`)
    }
    const end = index.endOf(applied.index)
    const manifest: SnapshotManifest = {
      formatVersion: 1,
      clusterId: identity.clusterId,
      group: identity.group,
      members: identity.members,
      savedAtMs: clock.wall(),
      appliedIndex: applied.index,
      term: index.termOf(logIndex(applied.index)),
      digest: applied.digest,
      segmentBytes,
      base: { position: base.position, index: base.index, term: base.term, chain: base.chain },
      end,
    }
    const encoder = new SnapshotEncoder()
    await write([encoder.start(), ...encoder.frame({ type: 'manifest', manifest })])
    for await (const rows of kv.scan(MACHINE_ROWS_START, MACHINE_ROWS_END)) {
      await write(encoder.frame({ type: 'rows', rows }))
    }
    const logBytes = await saveLog(files, shape, base.position, end, async (position, bytes) => {
      await write(encoder.frame({ type: 'log', position: logPosition(position), bytes }))
    })
    await write(encoder.frame({ type: 'end', rows: rowCount, logBytes }))
    return manifest
  } finally {
    await files.close()
  }
}

async function loadTables(kv: Kv): Promise<{ readonly machine: BrokerMachine; readonly rowCount: number }> {
  const { machine, problems, rowCount } = await loadMachine(kv)
  if (problems.length > 0) throw damaged(`its tables are damaged: ${problems[0] ?? ''}`)
  return { machine, rowCount }
}

/** The raw bytes of [start, end) of all segments, without the gaps at their ends. Returns how many there were. */
async function saveLog(
  files: SegmentFiles,
  { segmentBytes }: LogShape,
  start: number,
  end: number,
  save: (position: number, bytes: Uint8Array) => Promise<void>,
): Promise<number> {
  let total = 0
  for (let segment = start; segment < end; segment += segmentBytes) {
    const file = files.at(segment)
    const size = Math.min((await file?.size()) ?? 0, end - segment)
    for (let offset = 0; offset < size; offset += LOG_FRAME_BYTES) {
      const wanted = Math.min(LOG_FRAME_BYTES, size - offset)
      const bytes = file === undefined ? undefined : await readFully(file, new Uint8Array(wanted), offset)
      if (bytes?.byteLength !== wanted)
        throw damaged(`segment ${segmentStart(segment, segmentBytes)} is short`)
      await save(segment + offset, bytes)
      total += wanted
    }
  }
  return total
}

function damaged(what: string): BrokerError {
  return new BrokerError('DATA_DAMAGED', `This member cannot be saved: ${what}. Save another member.`)
}
