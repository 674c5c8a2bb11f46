/** What ledgers need of the replicated log under them, and how a leader makes sure that it still leads. */
import type { LogIndex } from '../base/brand.ts'
import { encodeCommand } from '../broker/machine/index.ts'
import type { ReplicatedLog } from '../broker/replicated-log.ts'

export interface LedgerLog extends ReplicatedLog {
  /** Resolves when this member has applied the entry; rejects with TIMEOUT when the signal aborts. */
  waitApplied(index: LogIndex, signal: AbortSignal): Promise<void>
}

/**
 * An index such that everything that was acknowledged before the call is applied with it: on the leader, which
 * learns in doing so that it still leads. By a round through the log. Throws NOT_LEADER and BUSY.
 */
export async function confirmLeadership(log: ReplicatedLog): Promise<LogIndex> {
  return (await log.propose(encodeCommand({ type: 'advance' }))).index
}
