/** What a peer sent, as the Raft core takes it: the records of an append are checked and cut here. */
import type { InMessage } from '../raft/types.ts'
import type { LogStore } from './log-store.ts'
import { decodeRaft } from './peers/index.ts'

/**
 * A message of Raft from a frame body of the peer protocol, or why it is refused. The records stay views of
 * `body`, which must not change any more.
 */
export function decodeIncoming(log: LogStore, body: Uint8Array): InMessage | string {
  const decoded = decodeRaft(body)
  if (decoded.type === 'refused') return decoded.reason
  const { message } = decoded
  if (message.type !== 'append') return message
  const { records, count, ...head } = message
  const accepted = log.acceptRecords(records, head.prevTerm)
  if (accepted.type === 'refused') return `an append: ${accepted.reason}`
  if (accepted.records.length !== count) return 'an append holds another number of records than it says'
  const entries = accepted.records.map((record) => ({
    index: record.index,
    term: record.term,
    payload: record,
  }))
  return { ...head, entries }
}
