/**
 * Who this data folder belongs to, how often it was started, and which folders its peers had: the file
 * `identity.json`. It is replaced as a whole (new file, fsync, rename, fsync of the folder), so it is never
 * torn. It is the last file that the making of a folder writes: where it stands, all others must stand.
 */
import { z } from 'zod'
import { assert } from '../base/assert.ts'
import { type NodeId, nodeId } from '../base/brand.ts'
import { utf8, utf8Text } from '../base/bytes.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import type { Disk } from '../base/ports.ts'
import { readFully } from '../store/read-fully.ts'
import type { MemberAddresses } from './member-details.ts'

/** The path of the file below the data folder. */
export const IDENTITY_PATH = 'identity.json'
/** The newest version of a data folder that is known here. 2: the log may hold configurations of the group. */
export const FORMAT_VERSION = 2
const FIRST_VERSION = 1

/** One start of one data folder. A member whose folder is lost comes back with another `folderId`. */
export interface FolderStart {
  readonly folderId: string
  /** Grows by one at each start of the folder. The first start is 1. */
  readonly startCount: number
}

/** The last start of a peer's folder that was met, and which process it was: a copy starts as another one. */
export interface PeerStart extends FolderStart {
  readonly processId: string
}

/** What a folder says about itself. */
export interface Identity extends FolderStart {
  readonly formatVersion: number
  readonly clusterId: string
  readonly group: string
  readonly memberId: NodeId
  /** Who founded the group, ascending; empty for a member that joined it later. Who belongs to it is in the log. */
  readonly members: readonly NodeId[]
  /** Configurations in the log up to this index are of another group, from whose saved state this one was made. */
  readonly foundedAt?: number | undefined
  /** Where the members were reached when this one last heard of a change; not there before the first one. */
  readonly known?: readonly MemberAddresses[] | undefined
  /** The last start of each peer that was met, by member id. */
  readonly peers: Readonly<Record<string, PeerStart>>
}

/** What the configuration says that the folder is. */
export interface IdentityExpected {
  /** `undefined`: any cluster will do, for a folder that exists. */
  readonly clusterId?: string | undefined
  readonly group: string
  readonly memberId: NodeId
  /** Only for a new folder: as in `Identity`. */
  readonly members: readonly NodeId[]
  readonly foundedAt?: number
}

/** Whether a peer's folder is the one that is remembered. `reason` is one sentence. */
export type PeerVerdict = { readonly type: 'ok' } | { readonly type: 'refused'; readonly reason: string }

const ID_SCHEMA = z.int().min(1).transform(nodeId)
const FOLDER_START = { folderId: z.string().min(1), startCount: z.int().min(1) }
const PEER_START = { ...FOLDER_START, processId: z.string() }
const VERSION_SCHEMA = z.object({ formatVersion: z.int().min(1) })
const IDENTITY_SCHEMA = z.strictObject({
  formatVersion: z.int().min(1),
  clusterId: z.string(),
  group: z.string(),
  memberId: ID_SCHEMA,
  ...FOLDER_START,
  members: z.array(ID_SCHEMA),
  foundedAt: z.int().min(1).optional(),
  known: z.array(z.strictObject({ id: ID_SCHEMA, peer: z.string(), client: z.string() })).optional(),
  peers: z.record(z.string().regex(/^[1-9]\d*$/), z.strictObject(PEER_START)),
})

export class IdentityStore {
  readonly #disk: Disk
  #identity: Identity
  /** What the file holds. */
  #written: Identity
  /** The last replacement of the file: they follow one another. */
  #replacing: Promise<void> = Promise.resolve()

  private constructor(disk: Disk, identity: Identity) {
    this.#disk = disk
    this.#identity = identity
    this.#written = identity
  }

  /**
   * Reads the identity and counts this start durably. `undefined` when the folder has none: then make the
   * log and the meta file, and after them call `create`. Throws FOLDER_REFUSED when the folder belongs to
   * another cluster, group, member or newer program, DATA_DAMAGED when it is not readable.
   */
  static async load(disk: Disk, expected: IdentityExpected): Promise<IdentityStore | undefined> {
    if (!(await disk.list('.')).includes(IDENTITY_PATH)) return undefined
    const identity = parseIdentity(await readText(disk))
    checkIdentity(identity, expected)
    const started = { ...identity, startCount: identity.startCount + 1 }
    await replaceFile(disk, started)
    return new IdentityStore(disk, started)
  }

  /** Writes the identity of a new folder, the last step of its making. `folderId` must be unique for ever. */
  static async create(disk: Disk, expected: IdentityExpected, folderId: string): Promise<IdentityStore> {
    assert(folderId.length > 0, 'a folder has an id')
    const names = await disk.list('.')
    assert(!names.includes(IDENTITY_PATH), 'an identity is made once')
    const members = expected.members.toSorted((a, b) => a - b)
    const { clusterId, group, memberId, foundedAt = 0 } = expected
    assert(clusterId !== undefined, 'a new folder belongs to a cluster')
    const identity: Identity = {
      formatVersion: foundedAt === 0 ? FIRST_VERSION : FORMAT_VERSION,
      clusterId,
      group,
      memberId,
      folderId,
      startCount: 1,
      members,
      ...(foundedAt > 0 && { foundedAt }),
      peers: {},
    }
    await replaceFile(disk, identity)
    return new IdentityStore(disk, identity)
  }

  get identity(): Identity {
    return this.#identity
  }

  /**
   * Compares what a peer says about its folder with what is remembered, and remembers it durably before it
   * answers ok. Refused: another folder than before (its votes and entries may be lost), or an earlier start
   * of it or the same one in another process (an old copy was put back). Throws STORAGE_FAILED.
   */
  async meetPeer(peer: NodeId, start: PeerStart): Promise<PeerVerdict> {
    const known = this.#identity.peers[String(peer)]
    if (known !== undefined && known.folderId !== start.folderId) {
      const reason = `member ${peer} comes with data folder ${start.folderId} instead of ${known.folderId}, so its votes and entries may be lost`
      return { type: 'refused', reason }
    }
    if (known !== undefined && isOlder(start, known)) {
      const reason = `member ${peer} comes with start ${start.startCount} of its data folder after start ${known.startCount}, so an old copy of it was put back`
      return { type: 'refused', reason }
    }
    if (known?.startCount !== start.startCount) {
      const { folderId, startCount, processId } = start
      const peers = { ...this.#identity.peers, [String(peer)]: { folderId, startCount, processId } }
      this.#identity = { ...this.#identity, peers }
    }
    this.#replacing = this.#replaceAfter(this.#replacing)
    await this.#replacing
    return { type: 'ok' }
  }

  /** Remembers durably where the members are reached, from the first change on. Throws STORAGE_FAILED. */
  async rememberMembers(known: readonly MemberAddresses[]): Promise<void> {
    if (JSON.stringify(known) !== JSON.stringify(this.#identity.known)) {
      this.#identity = { ...this.#identity, formatVersion: FORMAT_VERSION, known }
    }
    this.#replacing = this.#replaceAfter(this.#replacing)
    await this.#replacing
  }

  /** Brings the file up to the identity in memory, unless it is. Fails for ever after a failure. */
  async #replaceAfter(before: Promise<void>): Promise<void> {
    await before
    const identity = this.#identity
    if (this.#written === identity) return
    await replaceFile(this.#disk, identity)
    this.#written = identity
  }
}

/** Each start of a folder is one process: the same count in another process is a copy of the folder. */
function isOlder(start: PeerStart, known: PeerStart): boolean {
  if (start.startCount !== known.startCount) return start.startCount < known.startCount
  return start.processId !== known.processId
}

async function readText(disk: Disk): Promise<string> {
  const file = await disk.open(IDENTITY_PATH, { create: false })
  try {
    return utf8Text(await readFully(file, new Uint8Array(await file.size()), 0))
  } finally {
    await file.close()
  }
}

async function replaceFile(disk: Disk, identity: Identity): Promise<void> {
  try {
    const path = `${IDENTITY_PATH}.new`
    const file = await disk.open(path, { create: true })
    const bytes = utf8(`${JSON.stringify(identity, undefined, 2)}\n`)
    await file.write([bytes], 0)
    await file.truncate(bytes.byteLength)
    await file.sync()
    await file.close()
    await disk.rename(path, IDENTITY_PATH)
    await disk.syncFolder('.')
  } catch (cause) {
    throw new BrokerError('STORAGE_FAILED', `The identity could not be written: ${messageOf(cause)}`, {
      cause,
    })
  }
}

function checkIdentity(found: Identity, expected: IdentityExpected): void {
  const pairs = [
    ['cluster', found.clusterId, expected.clusterId ?? found.clusterId],
    ['group', found.group, expected.group],
    ['member', found.memberId, expected.memberId],
  ] as const
  for (const [what, is, wanted] of pairs) {
    if (is === wanted) continue
    throw new BrokerError(
      'FOLDER_REFUSED',
      `The data folder belongs to ${what} ${is}, not to ${what} ${wanted}.`,
    )
  }
}

/** Reads the file's text. Throws DATA_DAMAGED for anything that is no identity, FOLDER_REFUSED for a newer one. */
function parseIdentity(text: string): Identity {
  try {
    const read: unknown = JSON.parse(text)
    const { formatVersion } = VERSION_SCHEMA.parse(read)
    if (formatVersion > FORMAT_VERSION) {
      const message = `The data folder has format ${formatVersion}, this program knows formats up to ${FORMAT_VERSION}.`
      throw new BrokerError('FOLDER_REFUSED', message)
    }
    return IDENTITY_SCHEMA.parse(read)
  } catch (cause) {
    if (cause instanceof BrokerError) throw cause
    throw new BrokerError('DATA_DAMAGED', `The file ${IDENTITY_PATH} is not readable: it is damaged.`, {
      cause,
    })
  }
}
