/** What the broker needs of the replicated log under it. */
import type { LogIndex } from '../base/brand.ts'
import type { CoreRequests } from '../dledger/core-requests.ts'
import type { TableRows } from '../dledger/table-store.ts'
import type { Applied, EncodedCommand } from '../dledger/proposals.ts'
import type { Reply } from './machine/commands.ts'

export interface ReplicatedLog {
  /** This member leads and has applied everything of the terms before. */
  readonly leading: boolean
  /**
   * Puts a command into the log; resolves when it was applied here. Throws NOT_LEADER (outcome none or
   * unknown) or BUSY (outcome none).
   */
  propose(command: EncodedCommand): Promise<Applied<Reply>>
  /** Resolves when this member has applied the entry; rejects with TIMEOUT when the signal aborts. */
  waitApplied(index: LogIndex, signal: AbortSignal): Promise<void>
  readonly requests: Pick<CoreRequests, 'readIndex'>
  /** Bytes of the log that are in memory. */
  cachedBytes(position: number, size: number): Uint8Array | undefined
  readBytes(position: number, size: number): Promise<Uint8Array>
  /** A table row that is in memory; `null` when it is known not to exist. */
  cachedRow(key: Uint8Array): Uint8Array | null | undefined
  readRow(key: Uint8Array): Promise<Uint8Array | null>
  /** All rows with `start <= key < end`, in order: those of everything that was applied before the call. */
  scanRows(start: Uint8Array, end: Uint8Array): TableRows
}

/**
 * After it, this member's state holds everything that was acknowledged before the call, and it led when the call
 * was made: a round of heartbeats and no entry (thesis 6.4). Throws NOT_LEADER, outcome none.
 */
export async function readBarrier(log: ReplicatedLog): Promise<void> {
  await log.waitApplied(await log.requests.readIndex(), new AbortController().signal)
}
