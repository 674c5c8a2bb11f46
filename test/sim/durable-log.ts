/** What a loss of power would leave of a member's log: looked at from outside, behind the member's back. */
import { LOG_BASE_PATH, decodeLogBase } from '../../src/dledger/log-base.ts'
import { parseHeader, RECORD_HEADER_BYTES } from '../../src/dledger/record-codec.ts'
import { LOG_FOLDER, segmentPath, segmentStart } from '../../src/dledger/segment.ts'
import { SIDE_ENDING } from '../../src/dledger/state/side-files.ts'
import type { SimDisk } from '../support/sim-disk.ts'

const BASE_BYTES_MAX = 65_536

/** What the names end with of files that count: also those of a state that is taken and not in its place yet. */
export function durableEndings(disk: SimDisk): readonly string[] {
  const isTaken = ['taken', 'moving'].some(
    (step) => disk.durableBytes(`${LOG_FOLDER}/state.${step}`, 0, 1).byteLength > 0,
  )
  return isTaken ? ['', SIDE_ENDING] : ['']
}

/** Everything up to this index is gone, and in the tables; 0 when nothing is. */
export function durableBaseIndex(disk: SimDisk, ending: string): number {
  const bytes = disk.durableBytes(LOG_BASE_PATH + ending, 0, BASE_BYTES_MAX)
  return bytes.byteLength === 0 ? 0 : (decodeLogBase(bytes)?.index ?? 0)
}

/** The term of the sound record of an index at a position; 0 when it is not there. */
export function durableTerm(
  disk: SimDisk,
  index: number,
  position: number,
  segmentBytes: number,
  ending: string,
): number {
  const start = segmentStart(position, segmentBytes)
  const bytes = disk.durableBytes(segmentPath(start) + ending, position - start, RECORD_HEADER_BYTES)
  const parsed = parseHeader(bytes)
  return parsed.type === 'ok' && parsed.header.index === index ? parsed.header.term : 0
}
