/**
 * What memory knows of the records of a full segment, in a file of its own beside it: `log/<start>.index`. A
 * start reads it instead of the segment. It is made when everything in the segment is applied, so nothing of it
 * is ever cut. A file that is missing or damaged costs only time: the segment is read again.
 *
 * ```
 *  0  u32  magic "DLSI"
 *  4  u32  format version, 2
 *  8  u64  start of the segment
 * 16  u64  index of its first record
 * 24  u32  where its last record ends, from the start of the segment
 * 28  u32  chain of its first record
 * 32  u32  count of records, 1 or more
 * 36  u32  count of runs of terms, 1 or more
 * 40       for each run of terms: u64 index of its first record here, u64 term
 *  .       for each record: u32 offset in the segment
 *  .       for each record: u32 header CRC
 *  .  u32  count of configurations among the records
 *  .       for each: u64 index, u32 length, body (configuration-codec.ts)
 *  .  u32  CRC-32 of all before
 * ```
 *
 * Version 1 ends after the header CRCs: when it was written no record held a configuration.
 */
import { type LogIndex, logIndex, type LogPosition, logPosition, term } from '../base/brand.ts'
import { BytesError, Reader, Writer } from '../base/bytes.ts'
import { crc32 } from '../base/crc32.ts'
import type { Disk } from '../base/ports.ts'
import type { ConfigurationAt, TermRun } from '../raft/types.ts'
import { readFully } from '../store/read-fully.ts'
import { decodeConfiguration, encodeConfiguration } from './configuration-codec.ts'
import { LOG_FOLDER, segmentIndexPath } from './segment.ts'

/** "DLSI". */
export const SEGMENT_INDEX_MAGIC = 0x444c5349

const VERSION = 2
const HEADER_BYTES = 40
const RUN_BYTES = 16
const RECORD_BYTES = 8
const CRC_BYTES = 4

/** The records of one segment. */
export interface SegmentRecords {
  readonly start: LogPosition
  readonly firstIndex: LogIndex
  /** Where the last record ends, counted from the segment's start. */
  readonly used: number
  /** The chain of the first record. */
  readonly chain: number
  /** Offset and header CRC of each record. */
  readonly offsets: Uint32Array
  readonly headerCrcs: Uint32Array
  /** The terms of the records; the first run begins with the first record. */
  readonly runs: readonly TermRun[]
  /** The configurations among the records. */
  readonly configurations: readonly ConfigurationAt[]
}

/** Writes the file of a segment. Not durable: what a crash leaves of it is found by its checksum. */
export async function writeSegmentIndex(disk: Disk, records: SegmentRecords): Promise<void> {
  const path = segmentIndexPath(records.start)
  const file = await disk.open(`${path}.new`, { create: true })
  try {
    const chunks = encode(records)
    await file.write(chunks, 0)
    await file.truncate(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0))
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(`${path}.new`, path)
}

/** Reads the file of the segment at `start`; `undefined` when there is none that is whole. */
export async function readSegmentIndex(disk: Disk, start: number): Promise<SegmentRecords | undefined> {
  const path = segmentIndexPath(start)
  const names = await disk.list(LOG_FOLDER)
  if (!names.some((name) => `${LOG_FOLDER}/${name}` === path)) return undefined
  const file = await disk.open(path, { create: false })
  try {
    const bytes = await readFully(file, new Uint8Array(await file.size()), 0)
    const records = decode(bytes)
    return records?.start === start ? records : undefined
  } catch (error) {
    if (error instanceof BytesError) return undefined
    throw error
  } finally {
    await file.close()
  }
}

function encode(records: SegmentRecords): Uint8Array[] {
  const { start, firstIndex, used, chain, offsets, headerCrcs, runs, configurations } = records
  const head = new Writer(HEADER_BYTES + RUN_BYTES * runs.length)
  head.uint32(SEGMENT_INDEX_MAGIC).uint32(VERSION).uint64(start).uint64(firstIndex)
  head.uint32(used).uint32(chain).uint32(offsets.length).uint32(runs.length)
  for (const run of runs) head.uint64(run.first).uint64(run.term)
  const tail = new Writer().uint32(configurations.length)
  for (const { index, configuration } of configurations) {
    const body = encodeConfiguration(configuration)
    tail.uint64(index).uint32(body.byteLength).raw(body)
  }
  const chunks = [head.done(), bigEndian(offsets), bigEndian(headerCrcs), tail.done()]
  const crc = chunks.reduce((sum, chunk) => crc32(chunk, sum), 0)
  return [...chunks, new Writer(CRC_BYTES).uint32(crc).done()]
}

function decode(bytes: Uint8Array): SegmentRecords | undefined {
  if (bytes.byteLength < HEADER_BYTES + CRC_BYTES) return undefined
  const content = bytes.subarray(0, bytes.byteLength - CRC_BYTES)
  if (new Reader(bytes, content.byteLength).uint32() !== crc32(content)) return undefined
  const reader = new Reader(content)
  if (reader.uint32() !== SEGMENT_INDEX_MAGIC) return undefined
  const version = reader.uint32()
  if (version < 1 || version > VERSION) return undefined
  const start = logPosition(reader.uint64())
  const firstIndex = logIndex(reader.uint64())
  const [used, chain, count, runCount] = [reader.uint32(), reader.uint32(), reader.uint32(), reader.uint32()]
  if (count === 0 || runCount === 0) return undefined
  const plainBytes = HEADER_BYTES + runCount * RUN_BYTES + count * RECORD_BYTES
  if (content.byteLength < plainBytes) return undefined
  const runs: TermRun[] = []
  for (let i = 0; i < runCount; i++) {
    runs.push({ first: logIndex(reader.uint64()), term: term(reader.uint64()) })
  }
  const offsets = words(reader.take(count * 4))
  const headerCrcs = words(reader.take(count * 4))
  const configurations = version === 1 ? [] : readConfigurations(reader)
  reader.end()
  return { start, firstIndex, used, chain, offsets, headerCrcs, runs, configurations }
}

function readConfigurations(reader: Reader): readonly ConfigurationAt[] {
  const configurations: ConfigurationAt[] = []
  for (let left = reader.uint32(); left > 0; left--) {
    const index = logIndex(reader.uint64())
    configurations.push({ index, configuration: decodeConfiguration(reader.bytes32()) })
  }
  return configurations
}

/** A copy as bytes. All platforms that Node runs on are little-endian. */
function bigEndian(numbers: Uint32Array): Uint8Array {
  return Buffer.from(numbers.slice().buffer).swap32()
}

function words(bytes: Uint8Array): Uint32Array {
  const copy = new Uint8Array(bytes)
  Buffer.from(copy.buffer).swap32()
  return new Uint32Array(copy.buffer)
}
