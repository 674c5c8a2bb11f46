/** Small disks for tests: file systems in memory, mounted in a temporary folder. Only root may mount. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const FILLER = 'filler'
const CHUNK_BYTES = 1024 * 1024
const mounted = new Set<string>()

process.on('exit', () => {
  for (const folder of mounted) unmount(folder)
})

/** Why small disks cannot be used here; empty when they can. */
export const NO_SMALL_DISKS =
  process.platform === 'linux' && process.getuid?.() === 0 ? '' : 'only root may mount'

export class SmallDisks {
  readonly #root = mkdtempSync(join(tmpdir(), 'dledger-disks-'))
  readonly #bytes: number

  /** Each disk has `bytes`. */
  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** Makes one and returns its folder. */
  mount(name: string): string {
    const folder = join(this.#root, name)
    mkdirSync(folder)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${this.#bytes}`, 'tmpfs', folder])
    mounted.add(folder)
    return folder
  }

  /** Unmounts all of them, whatever still uses them. */
  close(): void {
    for (const folder of mounted) if (folder.startsWith(this.#root)) unmount(folder)
    rmSync(this.#root, { recursive: true, force: true })
  }
}

/** Fills the disk of this folder until at most `leaveBytes` are free. */
export function fill(folder: string, leaveBytes: number): void {
  const file = openSync(join(folder, FILLER), 'a')
  try {
    for (let free = freeBytes(folder); free > leaveBytes; free = freeBytes(folder)) {
      writeSync(file, Buffer.alloc(Math.min(CHUNK_BYTES, free - leaveBytes)))
    }
  } finally {
    closeSync(file)
  }
}

/** Takes away what `fill` wrote. */
export function clear(folder: string): void {
  rmSync(join(folder, FILLER))
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

function unmount(folder: string): void {
  execFileSync('umount', ['--lazy', folder])
  mounted.delete(folder)
}
