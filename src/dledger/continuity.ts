/** Whether records go on where a log ends. */
import { assert } from '../base/assert.ts'
import { BrokerError } from '../base/errors.ts'
import type { RecordIndex } from './log-index.ts'
import type { LogRecord } from './record-codec.ts'
import { placeRecord } from './segment.ts'

/** Throws DATA_DAMAGED when `records` do not continue the record at index `keep`. */
export function checkContinues(
  log: RecordIndex,
  keep: number,
  records: readonly LogRecord[],
  segmentBytes: number,
): void {
  let chain = log.headerCrcOf(keep)
  let end: number = log.endOf(keep)
  let index = keep
  for (const record of records) {
    index++
    assert(record.index === index, 'adopted records have no gap', { index, got: record.index })
    const position = placeRecord(end, record.size, segmentBytes)
    if (record.chain !== chain || record.position !== position) {
      const message = `The record of index ${index} from the leader does not continue the log of this member.`
      throw new BrokerError('DATA_DAMAGED', message)
    }
    chain = record.headerCrc
    end = position + record.size
  }
}
