/** The ledgers of one member: their service, what of it the leader does, and the way to the leader. */
import type { Clock, Logger } from '../base/ports.ts'
import { BrokerError } from '../base/errors.ts'
import type { Broker } from '../broker/broker.ts'
import { LeaderPart } from '../ledger/leader-part.ts'
import type { LedgersView } from '../ledger/machine/view.ts'
import { type LedgerCluster, LedgerService } from '../ledger/service.ts'
import { Sweeper } from '../ledger/sweeper.ts'
import type { GroupCluster } from './group-cluster.ts'
import type { InternalCalls } from './internal-calls.ts'

export interface MemberLedgersOptions {
  readonly view: LedgersView
  readonly broker: Broker
  readonly cluster: GroupCluster
  readonly calls: InternalCalls
  readonly clock: Clock
  readonly logger: Logger
}

export interface MemberLedgers {
  readonly leaderPart: LeaderPart
  readonly service: LedgerService
  /** Started and stopped by the member. */
  readonly sweeper: Sweeper
}

export function openLedgers(options: MemberLedgersOptions): MemberLedgers {
  const { view, broker, clock, logger } = options
  const shared = { view, log: broker.ledger, clock }
  const leaderPart = new LeaderPart({
    ...shared,
    term: () => broker.ledger.role.term,
    requireSpace: () => broker.diskGuard.requireSpace(),
  })
  const service = new LedgerService({
    ...shared,
    leaderPart,
    cluster: clusterOf(options),
    leadership: () => broker.ledger.role,
  })
  return { leaderPart, service, sweeper: new Sweeper({ ...shared, logger, now: () => broker.now() }) }
}

/** Calls of ledgers go the way of all others, as a kind of their own. */
function clusterOf({ broker, cluster, calls }: MemberLedgersOptions): LedgerCluster {
  return {
    leaderPlace: () => cluster.leaderPlace(),
    leaderChange: (signal) => cluster.leaderChange(signal),
    callLeader: async (head, request, signal) => {
      const { leader } = broker.ledger.role
      if (leader === 0 || cluster.leaderPlace() !== 'elsewhere') {
        throw new BrokerError('NO_LEADER', 'nobody leads at the moment')
      }
      return calls.ledgerCall(leader, head, request, signal)
    },
  }
}
