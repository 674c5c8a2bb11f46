/** Members that repair their logs from each other, without a network between them. */
import { type LogIndex, type NodeId, nodeId } from '../../src/base/brand.ts'
import { BrokerError } from '../../src/base/errors.ts'
import type { LogRepair, LogStore, LogStoreOptions } from '../../src/dledger/log-store.ts'
import type { FetchedLog, LogSource } from '../../src/dledger/log-source.ts'
import { openLog } from './log-harness.ts'
import type { SimDisk } from './sim-disk.ts'

export type Serve = (first: LogIndex, bytesMax: number) => Promise<FetchedLog>

/** Peers that answer, in the order in which they are asked; `undefined` is not reached. */
export function sourceOf(...peers: readonly (Serve | undefined)[]): LogSource {
  const ids = peers.map((_, at) => nodeId(at + 2))
  return {
    peers: ids,
    fetch: async (peer: NodeId, first, bytesMax) => {
      const serve = peers[ids.indexOf(peer)]
      if (serve === undefined) throw new BrokerError('NO_LEADER', 'not connected')
      return serve(first, bytesMax)
    },
  }
}

/** What a whole log answers that knows everything to be committed, or only what is said. */
export function serveOf(log: LogStore, committed: () => LogIndex = () => log.lastIndex): Serve {
  log.care.knowCommitted(committed)
  return (first, bytesMax) => log.care.serve(first, bytesMax)
}

/** Repair from these peers, for ever unless `signal` ends it. */
export function repairFrom(source: LogSource, signal = new AbortController().signal): LogRepair {
  return { source, signal, recovering: () => undefined }
}

/** Opens a log that repairs itself from these peers. */
export function openRepairing(
  disk: SimDisk,
  source: LogSource,
  options: Partial<LogStoreOptions> = {},
): Promise<LogStore> {
  return openLog(disk, { repair: repairFrom(source), ...options })
}
