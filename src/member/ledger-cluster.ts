/** The group as the ledgers of one member see it: who leads, and the way there. */
import type { NodeId } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { LedgerAnswer, LedgerHead, LedgerRequest } from '../ledger/leader-calls.ts'
import type { LedgerCluster } from '../ledger/service.ts'
import type { GroupCluster } from './group-cluster.ts'
import type { InternalCalls } from './internal-calls.ts'

/** Ledger calls go the way of all others, under a number of their own. */
export function ledgerCluster(
  cluster: GroupCluster,
  calls: InternalCalls,
  leaderOf: () => NodeId | 0,
): LedgerCluster {
  return {
    leaderPlace: () => cluster.leaderPlace(),
    leaderChange: (signal) => cluster.leaderChange(signal),
    callLeader: async (
      head: LedgerHead,
      request: LedgerRequest,
      signal: AbortSignal,
    ): Promise<LedgerAnswer> => {
      const leader = leaderOf()
      if (leader === 0 || cluster.leaderPlace() !== 'elsewhere') {
        throw new BrokerError('NO_LEADER', 'nobody leads at the moment')
      }
      return calls.ledgerCall(leader, head, request, signal)
    },
  }
}
