/** What the broker of a member stands on: its files, its links and its configuration. */
import { nodeId, type NodeId } from '../base/brand.ts'
import type { BrokerConfig } from '../base/config.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { BrokerOptions } from '../broker/broker.ts'
import type { Raft } from '../raft/index.ts'
import { examineRows } from './load-machine.ts'
import type { PeerLink } from './peer-link.ts'
import type { MemberStorage } from './storage.ts'

export interface BrokerParts {
  readonly config: BrokerConfig
  readonly ownId: NodeId
  readonly storage: MemberStorage
  readonly link: PeerLink
  readonly raft: Raft
  readonly clock: Clock
  readonly logger: Logger
  /** Asks a producer what became of a transaction. */
  readonly relay: BrokerOptions['relay']
}

export function brokerOptions(parts: BrokerParts): BrokerOptions {
  const { config, ownId, storage, link, raft, clock, logger, relay } = parts
  const { log, meta, machine, kv, disk } = storage
  return {
    id: ownId,
    raft,
    log,
    meta,
    kv,
    machine,
    link: link.transport,
    disk,
    clock,
    logger,
    tickMs: config.raft.tickMs,
    autoCreateGroups: config.groups.autoCreate,
    diskReserveBytes: config.log.diskReserveBytes,
    peerClocks: {
      peers: () => link.members.members.map(({ id }) => nodeId(id)).filter((id) => id !== ownId),
      ask: (peer) => link.calls.clock(peer),
    },
    retention: config.retention,
    states: {
      ...link.states(),
      disk,
      examine: examineRows,
      bytesPerSecond: config.log.catchUpBytesPerSecond,
    },
    transactions: config.transactions,
    relay,
  }
}
