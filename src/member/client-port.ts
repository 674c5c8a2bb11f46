/** What a member serves on its client port: its services, and what tools ask any gRPC server. */
import type { Broker } from '../broker/broker.ts'
import { healthMethods } from '../rpc/health.ts'
import { reflectionMethods } from '../rpc/reflection.ts'
import type { Method } from '../rpc/service.ts'
import type { GroupCluster } from './group-cluster.ts'

/** The services as health and reflection name them. */
const SERVICES = [
  'apache.rocketmq.v2.MessagingService',
  'apache.rocketmq.v2.Admin',
  'dledger.v1.Admin',
  'dledger.v1.Ledger',
  'dledger.v1.Members',
  'dledger.v1.Snapshots',
  'dledger.v1.Query',
  'dledger.v1.Clients',
  'dledger.v1.Transactions',
  'grpc.health.v1.Health',
] as const

export interface ClientPortOptions {
  readonly broker: Broker
  readonly cluster: GroupCluster
  /** The methods of the services. */
  readonly served: readonly Method[]
}

/** All methods. A member is healthy while it takes part in its group and knows who leads. */
export function clientPortMethods({ broker, cluster, served }: ClientPortOptions): readonly Method[] {
  const health = healthMethods({
    services: SERVICES,
    isServing: () => broker.ledger.refusal === null && cluster.leaderPlace() !== 'nobody',
    changed: (signal) => cluster.leaderChange(signal),
  })
  return [...served, ...health, ...reflectionMethods(SERVICES)]
}
