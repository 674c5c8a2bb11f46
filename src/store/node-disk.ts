/**
 * The `Disk` port on the files of one folder. Errors of the operating system come through as they are.
 *
 * Reads share a small number of places, so that the threads of libuv are never all taken by reads and a write
 * of Raft state always finds one. That holds while UV_THREADPOOL_SIZE is above the places of all readers.
 */
import { constants, fdatasync, writev } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { assert } from '../base/assert.ts'
import type { Disk, DiskFile } from '../base/ports.ts'
import { Semaphore } from './semaphore.ts'
import { writeFully } from './write-fully.ts'

/** Reads under way at the same time, over all files of a disk. */
const READS_MAX = 4

/** Files are for their owner only: they hold messages. */
const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

export class NodeDisk implements Disk {
  readonly #root: string
  readonly #reads = new Semaphore(READS_MAX)

  /** `root` is an existing folder. */
  constructor(root: string) {
    this.#root = root
  }

  async open(path: string, options: { readonly create: boolean }): Promise<DiskFile> {
    const flags = constants.O_RDWR | (options.create ? constants.O_CREAT : 0)
    return new NodeFile(await open(this.#path(path), flags, FILE_MODE), this.#reads)
  }

  async list(folder: string): Promise<readonly string[]> {
    try {
      const entries = await readdir(this.#path(folder), { withFileTypes: true })
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name)
        .sort()
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return []
      throw error
    }
  }

  async makeFolder(folder: string): Promise<void> {
    await mkdir(this.#path(folder), { recursive: true, mode: FOLDER_MODE })
  }

  async remove(path: string): Promise<void> {
    await rm(this.#path(path))
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(this.#path(from), this.#path(to))
  }

  async syncFolder(folder: string): Promise<void> {
    const handle = await open(this.#path(folder), constants.O_RDONLY | constants.O_DIRECTORY)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  async space(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }> {
    const { bavail, blocks, bsize } = await statfs(this.#root)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  }

  #path(path: string): string {
    assert(!path.startsWith('/') && !path.split('/').includes('..'), 'a path stays in its folder', { path })
    return join(this.#root, path)
  }
}

class NodeFile implements DiskFile {
  readonly #handle: FileHandle
  readonly #reads: Semaphore
  /** A file that became shorter is synced with all its metadata. */
  #truncated = false

  constructor(handle: FileHandle, reads: Semaphore) {
    this.#handle = handle
    this.#reads = reads
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    const result = await this.#reads.run(() => this.#handle.read(into, 0, into.byteLength, position))
    return result.bytesRead
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    await writeFully((left, at) => writeAt(this.#handle.fd, left, at), chunks, position)
  }

  async sync(): Promise<void> {
    if (!this.#truncated) return dataSync(this.#handle.fd)
    await this.#handle.sync()
    this.#truncated = false
  }

  async truncate(size: number): Promise<void> {
    this.#truncated = true
    await this.#handle.truncate(size)
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}

// Once for every turn of a busy member: the promises of a file handle cost a tenth of such a write more.

/** Writes what one system call takes; returns how many bytes that were. */
function writeAt(descriptor: number, chunks: readonly Uint8Array[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(descriptor, chunks, position, (error, written) => {
      if (error === null) resolve(written)
      else reject(error)
    })
  })
}

function dataSync(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(descriptor, (error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
}

/** Whether an error of the operating system has this code. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
