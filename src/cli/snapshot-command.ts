/** `snapshot save|inspect|restore`: a group in a file, from a member that runs or is stopped, and new data folders from it. */
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { nodeId } from '../base/brand.ts'
import type { BrokerConfig } from '../base/config.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import { ENTRY_BYTES_MAX, WRITE_BYTES_MAX } from '../base/limits.ts'
import { IdentityStore } from '../dledger/identity-store.ts'
import { RECORD_HEADER_BYTES } from '../dledger/record-codec.ts'
import { readSnapshot, type SnapshotFrame, type SnapshotManifest } from '../dledger/snapshot-frames.ts'
import { openLogger } from '../observe/logger.ts'
import { restoreSnapshot } from '../member/snapshot-restore.ts'
import { saveSnapshot } from '../member/snapshot-save.ts'
import { openClient } from '../rpc/client.ts'
import type { SnapshotCalls } from '../rpc/snapshot-types.ts'
import { FolderLock } from '../store/folder-lock.ts'
import { LevelKv } from '../store/level-kv.ts'
import { NodeDisk } from '../store/node-disk.ts'
import { RealClock } from '../store/real-clock.ts'
import { loadBrokerConfig } from './config-file.ts'
import { bytesText, listText } from './format.ts'
import { say } from './terminal.ts'

const EXAMPLES = `Examples:
  npm run cli -- snapshot save orders.dls -e HOST:PORT     what that member holds at this moment; it runs on
  npm run cli -- snapshot save orders.dls -c n2.yaml       member 2 is stopped; its group goes on
  npm run cli -- snapshot inspect orders.dls               what it is, and whether it is whole
  npm run cli -- snapshot restore orders.dls -c new1.yaml  once for each member of the new group, then start them
`

const LIMITS = { recordBytesMax: ENTRY_BYTES_MAX + RECORD_HEADER_BYTES, writeBytesMax: WRITE_BYTES_MAX }

/** A backup may take long; a member lets go of what it holds for one when this is over. */
const SAVE_MS_MAX = 6 * 3600_000

interface SaveOptions {
  readonly endpoint?: string
  readonly config?: string
  readonly json?: true
}

interface ConfigOptions {
  readonly config: string
  readonly json?: true
}

/** Adds the command with its three verbs. */
export function addSnapshotCommand(program: Command): void {
  const snapshot = program
    .command('snapshot')
    .description('save a group to a file, and make a new one from it')
  snapshot.addHelpText('before', EXAMPLES)
  snapshot
    .command('save <FILE>')
    .description('save what a member holds')
    .option('-e, --endpoint <HOST:PORT>', 'a member that runs')
    .option('-c, --config <FILE>', 'the configuration (YAML) of a member that is stopped')
    .option('--json', 'print JSON')
    .action(save)
  snapshot
    .command('inspect <FILE>')
    .description('read a saved group and check every byte of it')
    .option('--json', 'print JSON')
    .action(inspect)
  snapshot
    .command('restore <FILE>')
    .description('make the data folder of a member of a new group')
    .requiredOption('-c, --config <FILE>', 'its configuration (YAML), with a new id under bootstrap')
    .option('--json', 'print JSON')
    .action(restore)
}

async function save(path: string, options: SaveOptions): Promise<void> {
  const { endpoint, config } = options
  if (endpoint !== undefined && config === undefined) return saveRunning(path, endpoint, options)
  if (config !== undefined && endpoint === undefined) return saveStopped(path, { ...options, config })
  throw new BrokerError(
    'BAD_REQUEST',
    'give either --endpoint of a member that runs or --config of a stopped one',
  )
}

/** The parts come as they are; the file gets its name when every byte of it was read back and is right. */
async function saveRunning(path: string, address: string, options: { readonly json?: true }): Promise<void> {
  const client = openClient<SnapshotCalls>({ service: 'dledger.v1.Snapshots', address })
  try {
    const manifest = await writeWhole(
      path,
      (write) => client.each('Save', {}, { timeoutMs: SAVE_MS_MAX }, ({ data }) => write([data])),
      (part) => manifestOf(part),
    )
    tell('Saved', manifest, options)
  } finally {
    client.close()
  }
}

async function saveStopped(path: string, options: ConfigOptions): Promise<void> {
  const config = loadBrokerConfig(options.config)
  const manifest = await withFolder(config, async (disk, kv) => {
    const identity = await IdentityStore.load(disk, expectedOf(config, undefined))
    if (identity === undefined)
      throw new BrokerError('FOLDER_REFUSED', `${config.dataFolder} holds no member.`)
    const clock = new RealClock()
    const folder = { disk, kv, identity: identity.identity, clock, limits: LIMITS }
    return writeWhole(
      path,
      (write) => saveSnapshot(folder, write),
      (_part, saved) => Promise.resolve(saved),
    )
  })
  tell('Saved', manifest, options)
}

async function inspect(path: string, options: { readonly json?: true }): Promise<void> {
  tell('Whole:', await manifestOf(path), options)
}

/** What a file says that it is, after every byte of it was checked. */
async function manifestOf(path: string): Promise<SnapshotManifest> {
  let manifest: SnapshotManifest | undefined
  for await (const frame of framesOf(path)) if (frame.type === 'manifest') manifest = frame.manifest
  if (manifest === undefined) throw new BrokerError('DATA_DAMAGED', `${path} does not say what it is.`)
  return manifest
}

async function restore(path: string, options: ConfigOptions): Promise<void> {
  const config = loadBrokerConfig(options.config)
  const manifest = await withFolder(config, async (disk, kv) => {
    const names = await disk.list('.')
    if (names.includes('identity.json')) {
      throw new BrokerError(
        'FOLDER_REFUSED',
        `${config.dataFolder} holds a member already; give an empty folder.`,
      )
    }
    const { logger } = openLogger({ level: 'warn', file: undefined, fields: {} })
    const shape = { ...LIMITS, segmentBytes: config.log.segmentBytes }
    const frames = ofAnotherCluster(framesOf(path), config)
    const restored = await restoreSnapshot(frames, { disk, kv, clock: new RealClock(), logger, shape })
    const foundedAt = restored.appliedIndex
    await IdentityStore.create(disk, { ...expectedOf(config, config.bootstrap), foundedAt }, randomUUID())
    return restored
  })
  tell('Restored', manifest, options)
}

/** Members of the saved group must never meet those of the new one: a restored group is another cluster. */
async function* ofAnotherCluster(
  frames: AsyncIterable<SnapshotFrame>,
  { bootstrap }: BrokerConfig,
): AsyncGenerator<SnapshotFrame> {
  for await (const frame of frames) {
    if (frame.type === 'manifest' && (bootstrap === undefined || bootstrap === frame.manifest.clusterId)) {
      const message = `a restored group is a new cluster: give "bootstrap" an id that is not ${frame.manifest.clusterId}, the same for all its members`
      throw new BrokerError('CONFIG_INVALID', message)
    }
    yield frame
  }
}

/** Runs `use` on the data folder of a member that does not run. */
async function withFolder<T>(
  config: BrokerConfig,
  use: (disk: NodeDisk, kv: LevelKv) => Promise<T>,
): Promise<T> {
  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 })
  const lock = await FolderLock.take(config.dataFolder)
  try {
    const kv = await LevelKv.open(join(config.dataFolder, 'tables'))
    try {
      return await use(new NodeDisk(config.dataFolder), kv)
    } finally {
      await kv.close()
    }
  } finally {
    await lock.release()
  }
}

function expectedOf(
  config: BrokerConfig,
  clusterId: string | undefined,
): Parameters<typeof IdentityStore.load>[1] {
  const members = config.members.map((member) => nodeId(member.id))
  return { clusterId, group: config.group, memberId: nodeId(config.id), members }
}

/** Writes a file that is there whole, durable and checked, or not at all. `check` gets the path that it has meanwhile. */
async function writeWhole<Filled, Checked>(
  path: string,
  fill: (write: (chunks: readonly Uint8Array[]) => Promise<void>) => Promise<Filled>,
  check: (part: string, filled: Filled) => Promise<Checked>,
): Promise<Checked> {
  const part = `${path}.part`
  try {
    const file = await open(part, 'w', 0o600)
    let filled: Filled
    try {
      filled = await fill(async (chunks) => {
        for (const chunk of chunks) await file.writeFile(chunk)
      })
      await file.sync()
    } finally {
      await file.close()
    }
    const checked = await check(part, filled)
    await rename(part, path)
    return checked
  } catch (error) {
    await rm(part, { force: true })
    if (error instanceof BrokerError) throw error
    throw new BrokerError('STORAGE_FAILED', `${path} could not be written: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

async function* framesOf(path: string): AsyncGenerator<SnapshotFrame> {
  try {
    yield* readSnapshot(createReadStream(path, { highWaterMark: 1024 * 1024 }))
  } catch (error) {
    if (error instanceof BrokerError) throw error
    throw new BrokerError('STORAGE_FAILED', `${path} could not be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function tell(done: string, manifest: SnapshotManifest, options: { readonly json?: true }): void {
  if (options.json === true) {
    say(JSON.stringify(manifest))
    return
  }
  const { group, clusterId, members, appliedIndex, digest, base, end, savedAtMs } = manifest
  say(`${done} group ${group} of cluster ${clusterId} (members ${listText(members.map(String))}).`)
  say(`State at entry ${appliedIndex}, digest ${digest}, ${bytesText(end - base.position)} of log.`)
  say(`Saved ${new Date(savedAtMs).toISOString()}.`)
}
