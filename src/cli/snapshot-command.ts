/** `snapshot save|inspect|restore`: a group in a file, and new data folders from it. The members do not run. */
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
import { FolderLock } from '../store/folder-lock.ts'
import { LevelKv } from '../store/level-kv.ts'
import { NodeDisk } from '../store/node-disk.ts'
import { RealClock } from '../store/real-clock.ts'
import { loadBrokerConfig } from './config-file.ts'
import { bytesText, listText } from './format.ts'
import { say } from './terminal.ts'

const EXAMPLES = `Examples:
  npm run cli -- snapshot save orders.dls -c n2.yaml       member 2 is stopped; its group goes on
  npm run cli -- snapshot inspect orders.dls               what it is, and whether it is whole
  npm run cli -- snapshot restore orders.dls -c new1.yaml  once for each member of the new group, then start them
`

const LIMITS = { recordBytesMax: ENTRY_BYTES_MAX + RECORD_HEADER_BYTES, writeBytesMax: WRITE_BYTES_MAX }

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
    .description('save what a stopped member holds')
    .requiredOption('-c, --config <FILE>', "the member's configuration (YAML)")
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

async function save(path: string, options: ConfigOptions): Promise<void> {
  const config = loadBrokerConfig(options.config)
  const manifest = await withFolder(config, async (disk, kv) => {
    const identity = await IdentityStore.load(disk, expectedOf(config, undefined))
    if (identity === undefined)
      throw new BrokerError('FOLDER_REFUSED', `${config.dataFolder} holds no member.`)
    const clock = new RealClock()
    return writeWhole(path, (write) =>
      saveSnapshot({ disk, kv, identity: identity.identity, clock, limits: LIMITS }, write),
    )
  })
  tell('Saved', manifest, options)
}

async function inspect(path: string, options: { readonly json?: true }): Promise<void> {
  let manifest: SnapshotManifest | undefined
  for await (const frame of framesOf(path)) if (frame.type === 'manifest') manifest = frame.manifest
  if (manifest === undefined) throw new BrokerError('DATA_DAMAGED', `${path} does not say what it is.`)
  tell('Whole:', manifest, options)
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

/** Writes a file that is there whole and durable, or not at all. */
async function writeWhole<T>(
  path: string,
  fill: (write: (chunks: readonly Uint8Array[]) => Promise<void>) => Promise<T>,
): Promise<T> {
  const part = `${path}.part`
  try {
    const file = await open(part, 'w', 0o600)
    let result: T
    try {
      result = await fill(async (chunks) => {
        for (const chunk of chunks) await file.writeFile(chunk)
      })
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(part, path)
    return result
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
