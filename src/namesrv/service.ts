/** The calls of dledger.v1.NameServer over a route table. */
import type { Clock, Logger } from '../base/ports.ts'
import type { NameServerCalls, RegisterRequest } from '../rpc/namesrv-types.ts'
import type { Method } from '../rpc/service.ts'
import { typedService } from '../rpc/typed-service.ts'
import { RouteTable } from './route-table.ts'

/** What the service needs from outside. */
export interface NameServiceOptions {
  readonly clock: Clock
  readonly logger: Logger
}

/** The methods to serve. Each call of this function has a table of its own. */
export function nameService(options: NameServiceOptions): readonly Method[] {
  const table = new RouteTable()
  const now = (): number => options.clock.mono()
  return typedService<NameServerCalls>('dledger.v1.NameServer', {
    Register: (_, request) => {
      logLeader(table, request, now(), options.logger)
      table.register(request, now())
      return Promise.resolve({})
    },
    DescribeCluster: (_, { group }) => Promise.resolve({ groups: table.groups(now(), group) }),
    DescribeTopicRoute: (_, { topic }) => Promise.resolve(table.topicRoute(topic, now())),
  })
}

function logLeader(table: RouteTable, request: RegisterRequest, nowMs: number, logger: Logger): void {
  const { group, clusterId, leaderId, term } = request
  const known = table.groups(nowMs, group).find((one) => one.clusterId === clusterId)
  if (known === undefined) logger.info({ group, clusterId }, 'a broker group registered')
  if (leaderId !== 0 && term > (known?.term ?? 0))
    logger.info({ group, leaderId, term }, 'a leader registered')
}
