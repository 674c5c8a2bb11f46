/**
 * A disk in memory that forgets what was not synced. A crash keeps any part of the unsynced 512-byte sectors,
 * and any part of the unsynced creations, renames and removals, in an order of its own. Everything random is
 * drawn from the caller's generator.
 */
import { assert } from '../../src/base/assert.ts'
import type { Disk, DiskFile } from '../../src/base/ports.ts'
import type { Prng } from '../../src/base/prng.ts'
import { SimInode } from './sim-inode.ts'

/** One call to the disk, as the hook sees it before it happens. */
export interface DiskOperation {
  readonly kind: 'open' | 'read' | 'write' | 'sync' | 'truncate' | 'remove' | 'rename' | 'syncFolder' | 'list'
  readonly path: string
  readonly bytes: number
  /** Counts all operations of the disk from 1. */
  readonly count: number
}

/** Thrown by operations on a disk whose machine is down. */
export class SimCrash extends Error {
  constructor() {
    super('the machine is down')
    this.name = 'SimCrash'
  }
}

/** An error as the operating system gives it. */
export class SimDiskError extends Error {
  readonly code: string

  constructor(code: string) {
    super(`${code}: the simulated disk failed`)
    this.name = 'SimDiskError'
    this.code = code
  }
}

type NameChange =
  | { readonly type: 'create'; readonly path: string; readonly inode: SimInode }
  | { readonly type: 'remove'; readonly path: string }
  | { readonly type: 'rename'; readonly path: string; readonly to: string }

export class SimDisk implements Disk {
  /** Called before each operation. May wait, throw what the operation shall throw, or call `cutPower`. */
  hook: ((operation: DiskOperation) => void | Promise<void>) | undefined
  /** Writes beyond this many bytes in all files fail with ENOSPC, after a part. */
  capacityBytes = Number.MAX_SAFE_INTEGER
  #names = new Map<string, SimInode>()
  #durableNames = new Map<string, SimInode>()
  #changes: NameChange[] = []
  #count = 0
  #isDown = false
  #boot = 0

  /** How many operations there were. */
  get operations(): number {
    return this.#count
  }

  /** From now on every operation fails with `SimCrash`, also those under way, until `crash` or `kill`. */
  cutPower(): void {
    this.#isDown = true
  }

  /**
   * The machine loses its power and starts again: what was not synced is there in part. With `shorn` any of
   * the sectors under way may hold noise, as on a disk that does not even write sectors whole.
   */
  crash(prng: Prng, shorn = false): void {
    const touched = new Set<string>()
    for (const change of this.#changes) {
      const paths = change.type === 'rename' ? [change.path, change.to] : [change.path]
      if (paths.every((path) => !touched.has(path)) && prng.chance(0.5)) applyTo(this.#durableNames, change)
      else for (const path of paths) touched.add(path)
    }
    for (const inode of new Set(this.#durableNames.values())) inode.crash(prng, shorn)
    this.#names = new Map(this.#durableNames)
    this.#changes = []
    this.kill()
  }

  /** The process dies and starts again: the machine keeps what was written. Open files are gone. */
  kill(): void {
    this.#isDown = false
    this.#boot++
  }

  /** A deep copy, to try several crashes from one state. It has no hook. */
  copy(): SimDisk {
    const copy = new SimDisk()
    const inodes = new Map<SimInode, SimInode>()
    const inodeOf = (inode: SimInode): SimInode => {
      const known = inodes.get(inode) ?? inode.copy()
      inodes.set(inode, known)
      return known
    }
    for (const [path, inode] of this.#names) copy.#names.set(path, inodeOf(inode))
    for (const [path, inode] of this.#durableNames) copy.#durableNames.set(path, inodeOf(inode))
    copy.#changes = this.#changes.map((change) =>
      change.type === 'create' ? { ...change, inode: inodeOf(change.inode) } : change,
    )
    return copy
  }

  /** Paths of all files, sorted. */
  paths(): string[] {
    return [...this.#names.keys()].sort()
  }

  /** What a file holds, as a copy. Changes of `edit` are on the disk at once, as if it had rotted. */
  bytesOf(path: string): Uint8Array {
    return this.#inode(path).bytes()
  }

  /** What a file would hold at this place after a loss of power, as a view; shorter where it ends. */
  durableBytes(path: string, position: number, size: number): Uint8Array {
    return this.#durableNames.get(path)?.durableBytes(position, size) ?? new Uint8Array(0)
  }

  /** Changes a bit or loses a sector of what is durable of a file. False when nothing of it is. */
  rot(path: string, prng: Prng): boolean {
    return this.#durableNames.get(path)?.rot(prng) ?? false
  }

  /** How many bytes all files hold. */
  get usedBytes(): number {
    let used = 0
    for (const inode of this.#names.values()) used += inode.size
    return used
  }

  /** Changes a file behind everybody's back, durably. */
  edit(path: string, change: (bytes: Uint8Array) => Uint8Array): void {
    const inode = this.#inode(path)
    inode.replace(change(inode.bytes()))
  }

  /** Takes a file away behind everybody's back, durably. */
  lose(path: string): void {
    this.#names.delete(path)
    this.#durableNames.delete(path)
  }

  async open(path: string, options: { readonly create: boolean }): Promise<DiskFile> {
    await this.#before('open', path, 0)
    let inode = this.#names.get(path)
    if (inode === undefined) {
      if (!options.create) throw new SimDiskError('ENOENT')
      inode = new SimInode()
      this.#change({ type: 'create', path, inode })
    }
    return this.#file(path, inode)
  }

  async list(folder: string): Promise<readonly string[]> {
    await this.#before('list', folder, 0)
    return this.paths()
      .filter((path) => folderOf(path) === folder)
      .map((path) => path.slice(path.lastIndexOf('/') + 1))
  }

  /** Folders are simply there: they are not forgotten in a crash. */
  async makeFolder(_folder: string): Promise<void> {
    await this.#before('list', _folder, 0)
  }

  async remove(path: string): Promise<void> {
    await this.#before('remove', path, 0)
    this.#inode(path)
    this.#change({ type: 'remove', path })
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#before('rename', from, 0)
    assert(folderOf(from) === folderOf(to), 'the simulated disk renames inside a folder')
    this.#inode(from)
    this.#change({ type: 'rename', path: from, to })
  }

  async syncFolder(folder: string): Promise<void> {
    await this.#before('syncFolder', folder, 0)
    for (const change of this.#changes) {
      if (folderOf(change.path) === folder) applyTo(this.#durableNames, change)
    }
    this.#changes = this.#changes.filter((change) => folderOf(change.path) !== folder)
  }

  async space(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }> {
    await Promise.resolve()
    return { freeBytes: this.capacityBytes - this.usedBytes, totalBytes: this.capacityBytes }
  }

  #file(path: string, inode: SimInode): DiskFile {
    const boot = this.#boot
    const before = (kind: DiskOperation['kind'], bytes: number): Promise<void> =>
      this.#before(kind, path, bytes, boot)
    return {
      read: async (into, position) => {
        await before('read', into.byteLength)
        return inode.read(into, position)
      },
      write: async (chunks, position) => {
        const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
        await before('write', size)
        const growth = Math.max(0, position + size - inode.size)
        const room = this.capacityBytes - this.usedBytes
        inode.write(chunks, position, growth > room ? Math.max(0, size - (growth - room)) : size)
        if (growth > room) throw new SimDiskError('ENOSPC')
      },
      sync: async () => {
        try {
          await before('sync', 0)
        } catch (error) {
          if (error instanceof SimDiskError) inode.failSync()
          throw error
        }
        inode.sync()
      },
      truncate: async (size) => {
        await before('truncate', size)
        inode.truncate(size)
      },
      size: async () => {
        await before('list', 0)
        return inode.size
      },
      close: async () => {
        await Promise.resolve()
      },
    }
  }

  async #before(kind: DiskOperation['kind'], path: string, bytes: number, boot = this.#boot): Promise<void> {
    if (this.#isDown || boot !== this.#boot) throw new SimCrash()
    this.#count++
    await this.hook?.({ kind, path, bytes, count: this.#count })
    if (this.#isDown || boot !== this.#boot) throw new SimCrash()
  }

  #change(change: NameChange): void {
    applyTo(this.#names, change)
    this.#changes.push(change)
  }

  #inode(path: string): SimInode {
    const inode = this.#names.get(path)
    if (inode === undefined) throw new SimDiskError('ENOENT')
    return inode
  }
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '.' : path.slice(0, slash)
}

function applyTo(names: Map<string, SimInode>, change: NameChange): void {
  if (change.type === 'create') {
    names.set(change.path, change.inode)
    return
  }
  const inode = names.get(change.path)
  names.delete(change.path)
  if (change.type === 'rename' && inode !== undefined) names.set(change.to, inode)
}
