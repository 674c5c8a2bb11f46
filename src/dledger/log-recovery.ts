/**
 * Reading the log back at a start. Every record is checked from the first to the last: header and body CRC,
 * chain, index, position, term.
 *
 * What is wrong at position P is either the torn tail of a write that was under way, which nobody was told to
 * be durable, or damage. It is cut only when all of this holds, and refused with DATA_DAMAGED otherwise:
 *
 * 1. P is at or above the synced mark: below it everything was durable.
 * 2. P is in the last segment: a segment is durable before the next one is made.
 * 3. No more than one write's bytes follow P: a write begins only after the one before it was durable, so
 *    whatever stands further behind P shows that P was durable.
 *
 * A log that ends below the mark is refused too. What stays above the mark is written once more and synced
 * before it counts as durable: a process that died of a failed fsync leaves pages behind that look written,
 * are clean, and are not on the disk.
 */
import { BrokerError } from '../base/errors.ts'
import type { Disk, DiskFile, Logger } from '../base/ports.ts'
import { readFully } from '../store/read-fully.ts'
import { RecordIndex } from './log-index.ts'
import { checkRecord, type RecordCheck } from './record-codec.ts'
import {
  LOG_FOLDER,
  type LogShape,
  placeRecord,
  SegmentFiles,
  segmentPath,
  segmentStartOf,
} from './segment.ts'

/** How much is read at once. A larger record is read whole. */
const SCAN_BYTES = 4 * 1024 * 1024

/** What recovery gives. All records of `index` are durable. */
export interface RecoveredLog {
  readonly files: SegmentFiles
  readonly index: RecordIndex
}

/** Where the records stop making sense, counted from the segment's start, and why. */
interface Fault {
  readonly offset: number
  readonly reason: string
}

/** Recovers the log, whose synced mark is `mark`. Throws DATA_DAMAGED, or what the disk throws. */
export async function recoverLog(
  disk: Disk,
  shape: LogShape,
  mark: number,
  logger: Logger,
): Promise<RecoveredLog> {
  const count = await countSegments(disk, shape.segmentBytes)
  const files = await SegmentFiles.open(disk, shape, count)
  try {
    const index = new RecordIndex(shape.segmentBytes)
    for (let i = 0; i < count; i++) {
      const start = i * shape.segmentBytes
      const fault = await scanSegment(fileAt(files, start), start, index, shape.segmentBytes)
      if (fault === undefined) continue
      await refuseDamage(files, shape, mark, index, { ...fault, last: i === count - 1, start })
      logger.warn(
        { file: segmentPath(start), ...fault, lastIndex: index.lastIndex },
        'torn tail of the log cut',
      )
    }
    if (index.end < mark) {
      throw damaged(`The log ends at position ${index.end}, although it was durable up to position ${mark}.`)
    }
    await files.truncate(index.end)
    await writeAgain(files, mark, index.end, shape.segmentBytes)
    await disk.syncFolder(LOG_FOLDER)
    return { files, index }
  } catch (error) {
    await files.close()
    throw error
  }
}

async function countSegments(disk: Disk, segmentBytes: number): Promise<number> {
  let count = 0
  for (const name of await disk.list(LOG_FOLDER)) {
    const start = segmentStartOf(name)
    if (start === undefined) continue
    const expected = count * segmentBytes
    if (start !== expected) {
      throw damaged(`The log segment ${segmentPath(expected)} is missing, although ${name} is there.`)
    }
    count++
  }
  return count
}

/** Checks the records of one segment and adds them to `index`. Returns where it stopped before the end. */
async function scanSegment(
  file: DiskFile,
  start: number,
  index: RecordIndex,
  segmentBytes: number,
): Promise<Fault | undefined> {
  const size = await file.size()
  let buffer: Uint8Array = new Uint8Array(Math.min(SCAN_BYTES, size))
  let chunk = buffer.subarray(0, 0)
  let chunkStart = 0
  let offset = 0
  while (offset < size) {
    const check = checkNext(chunk, offset - chunkStart, start + offset, index, segmentBytes)
    if (check.type === 'bad') return { offset, reason: check.reason }
    if (check.type === 'ok') {
      const header = check.header
      index.append(header.term, header.position, header.length, header.headerCrc)
      offset += header.length
      continue
    }
    const wanted = Math.min(Math.max(SCAN_BYTES, check.needed), size - offset)
    if (chunkStart + chunk.byteLength >= offset + wanted) return { offset, reason: 'it is not whole' }
    if (buffer.byteLength < wanted) buffer = new Uint8Array(wanted)
    chunk = await readFully(file, buffer.subarray(0, wanted), offset)
    chunkStart = offset
    if (chunk.byteLength < wanted) return { offset, reason: 'the file became shorter while it was read' }
  }
  return undefined
}

function checkNext(
  chunk: Uint8Array,
  at: number,
  position: number,
  index: RecordIndex,
  segmentBytes: number,
): RecordCheck {
  const lastIndex = index.lastIndex
  const check = checkRecord(chunk, at, {
    index: lastIndex + 1,
    position,
    chain: index.lastCrc,
    termMin: index.termOf(lastIndex),
  })
  if (check.type !== 'ok') return check
  const { length } = check.header
  if (length > segmentBytes || placeRecord(index.end, length, segmentBytes) !== position) {
    return { type: 'bad', reason: 'it does not stand where the layout puts it' }
  }
  return check
}

/** Throws DATA_DAMAGED unless the fault can be the torn tail of the last write. */
async function refuseDamage(
  files: SegmentFiles,
  shape: LogShape,
  mark: number,
  index: RecordIndex,
  fault: Fault & { readonly last: boolean; readonly start: number },
): Promise<void> {
  const position = fault.start + fault.offset
  const behind = (await fileAt(files, fault.start).size()) - fault.offset
  const where = `${segmentPath(fault.start)} is damaged at offset ${fault.offset}`
  const what = `${where}, where index ${index.lastIndex + 1} should stand: ${fault.reason}`
  if (position < mark) throw damaged(`${what}; the log was durable up to position ${mark}.`)
  if (!fault.last) throw damaged(`${what}; a later segment follows.`)
  if (behind > shape.writeBytesMax) {
    throw damaged(`${what}; the ${behind} bytes behind it are more than one write.`)
  }
}

/** Writes what stands in [start, end) once more over itself and syncs it. The last segment is synced anyway. */
async function writeAgain(
  files: SegmentFiles,
  start: number,
  end: number,
  segmentBytes: number,
): Promise<void> {
  const buffer = new Uint8Array(Math.min(SCAN_BYTES, Math.max(0, end - start)))
  let at = start
  while (at < end) {
    const file = fileAt(files, at)
    const size = await file.size()
    for (let offset = at % segmentBytes; offset < size; ) {
      const bytes = await readFully(file, buffer.subarray(0, size - offset), offset)
      if (bytes.byteLength === 0) break
      await file.write([bytes], offset)
      offset += bytes.byteLength
    }
    await file.sync()
    at += segmentBytes - (at % segmentBytes)
  }
  if (start >= end && end > 0) await fileAt(files, end - 1).sync()
}

function fileAt(files: SegmentFiles, position: number): DiskFile {
  const file = files.at(position)
  if (file === undefined) throw damaged(`The log segment with position ${position} is missing.`)
  return file
}

function damaged(message: string): BrokerError {
  return new BrokerError('DATA_DAMAGED', message)
}
