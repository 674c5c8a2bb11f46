/** Reads the rows of transactions back. Each function throws `BytesError` for a row that does not fit. */
import type { LogPosition, Millis } from '../../base/brand.ts'
import { BytesError, Reader } from '../../base/bytes.ts'
import type { FoundRow } from './load-rows.ts'
import type { RingEnds } from './meta.ts'
import { OpenTransaction } from './open-transactions.ts'
import type { MachineState } from './state.ts'

const KEY_START = 2
const VALUE_START = 1

/** Reads the row of an open transaction. All topics are read. */
export function readTransaction(state: MachineState, row: FoundRow): void {
  const key = new Reader(row.key, KEY_START)
  const value = new Reader(row.value, VALUE_START)
  const transaction = key.uint64() as LogPosition
  const parked = value.uint8()
  value.skip(2)
  const topicId = value.uint32()
  const pointer = { position: value.uint64() as LogPosition, size: value.uint32(), tagHash: value.uint32() }
  const checks = value.uint32()
  const openedAt = value.uint64() as Millis
  const dueAt = value.uint64() as Millis
  key.end()
  value.end()
  if (!state.topics.byId.has(topicId)) throw new BytesError('a transaction lacks its topic')
  if (parked > 1) throw new BytesError('a transaction is parked or not')
  const open = new OpenTransaction(transaction, topicId, pointer, openedAt, dueAt)
  open.parked = parked === 1
  open.checks = checks
  state.transactions.add(open)
  state.rows.restore(open, row.key, row.value)
}

/** Reads where the ring of ended transactions begins and ends. */
export function readEndedEnds(state: MachineState, row: FoundRow): RingEnds {
  const value = new Reader(row.value, VALUE_START)
  value.skip(3)
  const ends = { head: value.uint64(), tail: value.uint64() }
  value.end()
  if (row.key.byteLength !== KEY_START) throw new BytesError('there is one row of ended transactions')
  state.rows.restore(state.ended.ends, row.key, row.value)
  return ends
}
