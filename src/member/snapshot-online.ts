/**
 * Saves what a running member holds, as of one moment: its tables as they are frozen, and the log up to the entry
 * that they know. The bytes are those that saving the stopped member would give. Every record is checked, and
 * repaired if need be, before it is written.
 */
import { type LogIndex, logIndex, type NodeId } from '../base/brand.ts'
import type { Clock } from '../base/ports.ts'
import { MACHINE_ROWS_END, MACHINE_ROWS_START } from '../broker/machine/index.ts'
import type { LogStore } from '../dledger/log-store.ts'
import { segmentStart } from '../dledger/segment.ts'
import { SnapshotEncoder, type SnapshotManifest } from '../dledger/snapshot-frames.ts'
import type { FrozenState } from '../dledger/state/frozen-state.ts'

/** How much of the log a frame holds; a larger record stands alone. */
const LOG_FRAME_BYTES = 1024 * 1024

export interface SavedMember {
  readonly freeze: () => Promise<FrozenState>
  readonly log: LogStore
  readonly identity: { readonly clusterId: string; readonly group: string }
  readonly members: () => readonly NodeId[]
  readonly clock: Clock
}

/**
 * Hands the bytes to `write`, one after the other, until it says false: then nobody wants them any more. Rejects with
 * DATA_DAMAGED when a record of the log can be had nowhere, and STORAGE_FAILED.
 */
export async function saveRunning(
  member: SavedMember,
  write: (chunks: readonly Uint8Array[]) => Promise<boolean>,
): Promise<void> {
  const state = await member.freeze()
  try {
    const encoder = new SnapshotEncoder()
    const manifest = manifestOf(member, state)
    if (!(await write([encoder.start(), ...encoder.frame({ type: 'manifest', manifest })]))) return
    let rowCount = 0
    for await (const rows of state.rows.scan(MACHINE_ROWS_START, MACHINE_ROWS_END)) {
      rowCount += rows.length
      if (!(await write(encoder.frame({ type: 'rows', rows })))) return
    }
    const { log } = member
    let logBytes = 0
    for (let first = logIndex(state.head.base.index + 1); first <= state.head.index; ) {
      const last = lastOfFrame(log, first, state.head)
      const bytes = await log.readRecords(first, last, Number.MAX_SAFE_INTEGER)
      logBytes += bytes.byteLength
      const frame = encoder.frame({ type: 'log', position: log.positionOf(first), bytes })
      if (!(await write(frame))) return
      first = logIndex(last + 1)
    }
    await write(encoder.frame({ type: 'end', rows: rowCount, logBytes }))
  } finally {
    await state.release()
  }
}

/** The last record of a run that stands in one segment and fits a frame. */
function lastOfFrame(log: LogStore, first: LogIndex, { index, segmentBytes }: FrozenState['head']): LogIndex {
  const start = log.positionOf(first)
  const end = Math.min(segmentStart(start, segmentBytes) + segmentBytes, start + LOG_FRAME_BYTES)
  let last: number = first
  while (last < index && log.positionOf(logIndex(last + 1)) < end) {
    if (log.positionOf(logIndex(last + 1)) + log.sizeOf(logIndex(last + 1)) > end) break
    last++
  }
  return logIndex(last)
}

function manifestOf({ identity, members, clock }: SavedMember, { head }: FrozenState): SnapshotManifest {
  const { base } = head
  return {
    formatVersion: 1,
    clusterId: identity.clusterId,
    group: identity.group,
    members: members(),
    savedAtMs: clock.wall(),
    appliedIndex: head.index,
    term: head.term,
    digest: head.digest,
    segmentBytes: head.segmentBytes,
    base: { position: base.position, index: base.index, term: base.term, chain: base.chain },
    end: head.end,
  }
}
