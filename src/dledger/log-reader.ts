/**
 * Reading records and parts of them back from the segment files. A record that was read is compared to what
 * is known of it in memory, so wrong bytes of the disk are never passed on.
 */
import { broken } from '../base/assert.ts'
import { BrokerError } from '../base/errors.ts'
import type { RecordIndex } from './log-index.ts'
import { readFully } from './log-recovery.ts'
import { checkRecord } from './record-codec.ts'
import { type SegmentFiles, segmentPath } from './segment.ts'

/** A run of records inside one segment. */
interface Run {
  readonly position: number
  readonly size: number
}

/** What each record of a range must look like, taken before the read. */
interface Known {
  readonly index: number
  readonly position: number
  readonly chain: number
  readonly headerCrc: number
  readonly term: number
}

/**
 * Reads the records `first` to `last`, all of them on the disk, into the start of `into` and checks them.
 * Throws DATA_DAMAGED when they are not what was written.
 */
export async function readFromDisk(
  files: SegmentFiles,
  index: RecordIndex,
  range: { readonly first: number; readonly last: number; readonly segmentBytes: number },
  into: Uint8Array,
): Promise<void> {
  const known = knownOf(index, range.first, range.last)
  let filled = 0
  for (const run of runsOf(index, range.first, range.last, range.segmentBytes)) {
    await readRun(files, run, range.segmentBytes, into.subarray(filled, filled + run.size))
    filled += run.size
  }
  checkRead(known, into, range.segmentBytes)
}

/** Reads bytes that stand inside one segment. Throws DATA_DAMAGED when the file is too short. */
export async function readRun(
  files: SegmentFiles,
  run: Run,
  segmentBytes: number,
  into: Uint8Array,
): Promise<void> {
  const file = files.at(run.position) ?? broken('what is read has a segment', { position: run.position })
  const offset = run.position % segmentBytes
  const bytes = await readFully(file, into, offset)
  if (bytes.byteLength === run.size) return
  const name = segmentPath(run.position - offset)
  throw new BrokerError(
    'DATA_DAMAGED',
    `${name} ends before offset ${offset + run.size}, where records stood.`,
  )
}

function knownOf(index: RecordIndex, first: number, last: number): Known[] {
  const known: Known[] = []
  for (let i = first; i <= last; i++) {
    const chain = index.headerCrcOf(i - 1)
    const [position, headerCrc, term] = [index.positionOf(i), index.headerCrcOf(i), index.termOf(i)]
    known.push({ index: i, position, chain, headerCrc, term })
  }
  return known
}

function runsOf(index: RecordIndex, first: number, last: number, segmentBytes: number): Run[] {
  const runs: Run[] = []
  let start = index.positionOf(first)
  let end = start
  for (let i = first; i <= last; i++) {
    const position = index.positionOf(i)
    if (position !== end || (position % segmentBytes === 0 && position !== start)) {
      runs.push({ position: start, size: end - start })
      start = position
    }
    end = index.endOf(i)
  }
  runs.push({ position: start, size: end - start })
  return runs
}

function checkRead(known: readonly Known[], bytes: Uint8Array, segmentBytes: number): void {
  let at = 0
  for (const wanted of known) {
    const check = checkRecord(bytes, at, { ...wanted, termMin: wanted.term })
    if (check.type === 'ok' && check.header.headerCrc === wanted.headerCrc) {
      at += check.header.length
      continue
    }
    const reason = check.type === 'bad' ? check.reason : 'it is not the record that was written'
    const offset = wanted.position % segmentBytes
    const where = `${segmentPath(wanted.position - offset)} is damaged at offset ${offset}`
    throw new BrokerError('DATA_DAMAGED', `${where}, where index ${wanted.index} stands: ${reason}.`)
  }
}
