/** What ledgers need of the replicated log under them, and how a leader makes sure that it still leads. */
import type { LogIndex } from '../base/brand.ts'
import type { ReplicatedLog } from '../broker/replicated-log.ts'

export type LedgerLog = ReplicatedLog

/**
 * An index such that everything that was acknowledged before the call is applied with it: on the leader, which
 * learns in doing so that it still leads. A round of heartbeats and no entry (thesis 6.4). Throws NOT_LEADER.
 */
export function confirmLeadership(log: LedgerLog): Promise<LogIndex> {
  return log.requests.readIndex()
}
