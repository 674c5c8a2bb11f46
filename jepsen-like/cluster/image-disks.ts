/**
 * A disk of its own for each member: an ext4 file system in a file, mounted over the loop device. The file holds
 * exactly what reached the disk, so a power cut is a copy of it taken while nobody writes: what was not synced is
 * still in the file system's memory and is lost. Only root may; mounted inside a namespace of `ip netns exec`, it
 * is gone with the last process there.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const DISK_SIZE = '192M'
/** The file system syncs by itself only after this long, so that nothing survives by its kindness. */
const COMMIT_SECONDS = 600

export class ImageDisks {
  readonly #folder: string

  /** The images and their mount points lie in `folder`. */
  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
  }

  /** Makes the disk of member `id`, mounts it and returns its folder. */
  make(id: number): string {
    run('truncate', '-s', DISK_SIZE, this.#image(id))
    run('mkfs.ext4', '-q', '-F', '-m', '0', this.#image(id))
    mkdirSync(this.folder(id), { recursive: true })
    this.#mount(id)
    return this.folder(id)
  }

  folder(id: number): string {
    return join(this.#folder, `disk-${id}`)
  }

  /** Keeps what is on the disk at this moment. Nobody may write to it meanwhile. */
  freeze(id: number): void {
    run('cp', '--sparse=always', this.#image(id), `${this.#image(id)}-cut`)
  }

  /** Puts the disk back to what `freeze` kept. No process may use it. */
  thaw(id: number): void {
    run('umount', this.folder(id))
    renameSync(`${this.#image(id)}-cut`, this.#image(id))
    this.#mount(id)
  }

  close(ids: readonly number[]): void {
    for (const id of ids) {
      run('umount', '--lazy', this.folder(id))
      rmSync(this.#image(id), { force: true })
    }
  }

  #image(id: number): string {
    return join(this.#folder, `disk-${id}.img`)
  }

  #mount(id: number): void {
    run('mount', '-o', `loop,commit=${COMMIT_SECONDS}`, this.#image(id), this.folder(id))
  }
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
