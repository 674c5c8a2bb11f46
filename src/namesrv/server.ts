/** A name server as a process runs it: one port, no data. */
import { type NamesrvConfig, splitEndpoint } from '../base/config.ts'
import { BrokerError } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { type RpcServer, startRpcServer } from '../rpc/server.ts'
import { nameService } from './service.ts'

/** What the process gives. */
export interface NameServerDependencies {
  readonly clock: Clock
  readonly logger: Logger
}

/** Listens and serves. Rejects with `BrokerError` CONFIG_INVALID when the address cannot be used. */
export async function startNameServer(
  config: Pick<NamesrvConfig, 'listen'>,
  dependencies: NameServerDependencies,
): Promise<RpcServer> {
  const place = splitEndpoint(config.listen)
  if (place === undefined) throw new BrokerError('CONFIG_INVALID', `"${config.listen}" is not host:port`)
  const server = await startRpcServer({ ...place, ...dependencies, methods: nameService(dependencies) })
  dependencies.logger.info({ listen: config.listen }, 'name server ready')
  return server
}
