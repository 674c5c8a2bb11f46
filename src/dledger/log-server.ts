/**
 * Answers members that repair their log: whole records that are durable here and were just checked. It never
 * repairs by itself, so that two members that are damaged at the same place do not wait for each other.
 */
import { logIndex, type LogIndex } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { RecordIndex } from './log-index.ts'
import { isDamage, type LogReader } from './log-reader.ts'
import type { FetchedLog } from './log-source.ts'

/** What may be told of a log. */
export interface ServedLog {
  readonly index: RecordIndex
  readonly reader: LogReader
  /** The last record that is durable. */
  readonly durableIndex: () => number
  /** The last entry that this member knows to be committed. */
  readonly committedIndex: () => number
}

/**
 * The records from `first` on, as many as fit `bytesMax` but at least one, none when this log does not reach so
 * far. Throws DATA_DAMAGED when the first one is damaged here too, and CANCELLED when the log was just cut.
 */
export async function serveLog(log: ServedLog, first: LogIndex, bytesMax: number): Promise<FetchedLog> {
  const durableIndex = log.durableIndex()
  const commitIndex = logIndex(Math.min(log.committedIndex(), durableIndex))
  const lastTerm = log.index.termOf(Math.max(durableIndex, log.index.base.index))
  if (first <= log.index.base.index || first > durableIndex) {
    return { commitIndex, lastTerm, records: new Uint8Array(0) }
  }
  const { end, bytes } = log.index.fitting(first, durableIndex, bytesMax)
  const records = Buffer.allocUnsafe(bytes)
  try {
    await log.reader.readAsIs(first, end - 1, records)
    return { commitIndex, lastTerm, records }
  } catch (error) {
    if (!isDamage(error) || end === first + 1) throw damagedHere(error)
    return { commitIndex, lastTerm, records: await soundPrefix(log, first, end) }
  }
}

/** Record by record up to the first that is damaged here. */
async function soundPrefix(log: ServedLog, first: number, end: number): Promise<Uint8Array> {
  const records: Uint8Array[] = []
  for (let index = first; index < end; index++) {
    const record = Buffer.allocUnsafe(log.index.sizeOf(index))
    try {
      await log.reader.readAsIs(index, index, record)
    } catch (error) {
      if (!isDamage(error) || index === first) throw damagedHere(error)
      break
    }
    records.push(record)
  }
  return Buffer.concat(records)
}

function damagedHere(error: unknown): unknown {
  if (!isDamage(error)) return error
  return new BrokerError('DATA_DAMAGED', 'the record is damaged on this member too', { cause: error })
}
