/**
 * Opens what a member keeps in its data folder, in the order that a crash at any point allows: lock, identity,
 * vote, tables, machine, log. The tables come before the
 * log, since they know how far it is committed. A folder without identity is made new only when the configuration founds a
 * cluster, or joins one under a new id; otherwise it is refused, since an empty folder may have held votes and messages.
 */
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { nodeId, type NodeId } from '../base/brand.ts'
import type { BrokerConfig } from '../base/config.ts'
import { BrokerError } from '../base/errors.ts'
import type { Clock, Disk, Kv, Logger } from '../base/ports.ts'
import type { BrokerMachine } from '../broker/machine/index.ts'
import { IdentityStore } from '../dledger/identity-store.ts'
import { type LogRepair, LogStore } from '../dledger/log-store.ts'
import { MetaStore } from '../dledger/meta-store.ts'
import { installState } from '../dledger/state/state-install.ts'
import type { LedgerMachine } from '../ledger/machine/index.ts'
import type { ConfigurationAt } from '../raft/types.ts'
import { loadMachine } from './load-machine.ts'
import { FolderLock } from '../store/folder-lock.ts'
import { LevelKv } from '../store/level-kv.ts'
import { NodeDisk } from '../store/node-disk.ts'

/** Everything that was opened; closed by the member. */
export interface MemberStorage {
  readonly disk: Disk
  readonly lock: FolderLock
  readonly identity: IdentityStore
  readonly meta: MetaStore
  readonly log: LogStore
  /** The configurations of this group in the log. */
  readonly configurations: readonly ConfigurationAt[]
  readonly kv: Kv
  readonly machine: BrokerMachine
  /** The ledgers, a part of the machine. */
  readonly ledgers: LedgerMachine
  /** What is wrong with the tables, in sentences. */
  readonly problems: readonly string[]
}

/** What storage needs of the link to the other members. */
export interface StorageLink {
  /** Called as soon as the identity of the folder is known, before anything is repaired. */
  open(identity: IdentityStore): void
  repair(): LogRepair
}

/**
 * Throws FOLDER_REFUSED, DATA_DAMAGED or STORAGE_FAILED with one sentence for a person. `onFailure` hears of
 * a failure of the disk under the log or the vote later on, after which the member must stop. A log that is
 * damaged is repaired over `link`, as long as that takes.
 */
export async function openStorage(
  config: BrokerConfig,
  clock: Clock,
  logger: Logger,
  onFailure: (error: BrokerError) => void,
  link: StorageLink,
): Promise<MemberStorage> {
  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 })
  const lock = await FolderLock.take(config.dataFolder)
  const disk = new NodeDisk(config.dataFolder)
  const file = config.members.map((member) => nodeId(member.id)).sort((a, b) => a - b)
  const clusterId = config.bootstrap ?? config.join
  const members = config.join === undefined ? file : []
  const expected = { group: config.group, memberId: nodeId(config.id), members, clusterId }
  const known = await IdentityStore.load(disk, expected)
  const create = known === undefined
  if (!create) link.open(known)
  if (create && clusterId === undefined) throw emptyFolder(config)
  const meta = await MetaStore.open(disk, { create, onFailure }, logger)
  const kv = await LevelKv.open(join(config.dataFolder, 'tables'))
  await installState(disk, kv, logger.child({ part: 'state' }))
  const { machine, ledgers, problems } = await loadMachine(kv)
  const log = await LogStore.open(
    disk,
    {
      clock,
      create,
      onFailure,
      segmentBytes: config.log.segmentBytes,
      term: meta.hardState.term,
      committedIndex: machine.appliedIndex,
      repair: link.repair(),
    },
    logger.child({ part: 'log' }),
  )
  const identity = known ?? (await IdentityStore.create(disk, expected, randomUUID()))
  const { members: founders, foundedAt = 0 } = identity.identity
  const configurations = log.configurations.filter(({ index }) => index > foundedAt)
  if (configurations.length === 0) checkFounders(founders, file)
  if (create) link.open(identity)
  return { disk, lock, identity, meta, log, configurations, kv, machine, ledgers, problems }
}

/** A file that names others than the founders is meant for another group, or was to change this one. */
function checkFounders(founders: readonly NodeId[], file: readonly NodeId[]): void {
  if (founders.length === 0 || founders.join() === file.join()) return
  const [were, are] = [founders.join(', '), file.join(', ')]
  const message = `The data folder belongs to members ${were}, not to members ${are}; members change by "member add" and "member replace".`
  throw new BrokerError('FOLDER_REFUSED', message)
}

function emptyFolder(config: BrokerConfig): BrokerError {
  return new BrokerError(
    'FOLDER_REFUSED',
    `data folder ${config.dataFolder} is empty and the configuration founds no cluster: put the member's own folder back, give "bootstrap" the same new id on all members to found one, or "join" the id of a cluster to become a new member of it under a new id`,
  )
}
