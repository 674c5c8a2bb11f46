/**
 * The files of a log that is being received, beside those of the log in use: in the same folder, each with an
 * ending of its own. Seen through this they have the usual names, so that everything that works on a log works on
 * them. To take their places they are renamed inside their folder, which no crash does by half.
 */
import type { Disk, DiskFile } from '../../base/ports.ts'

/** What the real names end with. */
export const SIDE_ENDING = '.incoming'

export class SideFiles implements Disk {
  readonly #disk: Disk

  constructor(disk: Disk) {
    this.#disk = disk
  }

  open(path: string, options: { readonly create: boolean }): Promise<DiskFile> {
    return this.#disk.open(path + SIDE_ENDING, options)
  }

  async list(folder: string): Promise<readonly string[]> {
    const names = await this.#disk.list(folder)
    return names
      .filter((name) => name.endsWith(SIDE_ENDING))
      .map((name) => name.slice(0, -SIDE_ENDING.length))
  }

  makeFolder(folder: string): Promise<void> {
    return this.#disk.makeFolder(folder)
  }

  remove(path: string): Promise<void> {
    return this.#disk.remove(path + SIDE_ENDING)
  }

  rename(from: string, to: string): Promise<void> {
    return this.#disk.rename(from + SIDE_ENDING, to + SIDE_ENDING)
  }

  syncFolder(folder: string): Promise<void> {
    return this.#disk.syncFolder(folder)
  }

  space(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }> {
    return this.#disk.space()
  }
}
