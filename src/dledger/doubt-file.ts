/**
 * The file `log/doubt`: there while this member may have lost records that it had acknowledged, without knowing
 * which. It holds the highest term in which they can have been acknowledged. One slot of slot-pair.ts, first
 * value the term.
 *
 * Rule: the file is durable before the log is cut in doubt, and goes only when the doubt is over. A file that
 * does not read well means doubt too, up to the term that the member has now.
 */
import { type Term, term } from '../base/brand.ts'
import type { Disk } from '../base/ports.ts'
import { readFully } from '../store/read-fully.ts'
import { LOG_FOLDER } from './segment.ts'
import { decodeSlot, SLOT_BYTES, writeSlot } from './slot-pair.ts'

/** The path of the file below the data folder. */
export const DOUBT_PATH = `${LOG_FOLDER}/doubt`
/** "DLDT". */
export const DOUBT_MAGIC = 0x444c4454

export class DoubtFile {
  readonly #disk: Disk
  #term: Term | null

  private constructor(disk: Disk, found: Term | null) {
    this.#disk = disk
    this.#term = found
  }

  /** `current` is the term that the member has on its disk. */
  static async open(disk: Disk, current: Term): Promise<DoubtFile> {
    const names = await disk.list(LOG_FOLDER)
    if (!names.includes('doubt')) return new DoubtFile(disk, null)
    const file = await disk.open(DOUBT_PATH, { create: false })
    try {
      const slot = decodeSlot(DOUBT_MAGIC, await readFully(file, new Uint8Array(SLOT_BYTES), 0), 0)
      return new DoubtFile(disk, slot === undefined ? current : term(slot.first))
    } finally {
      await file.close()
    }
  }

  /** Records acknowledged in terms up to this one may be missing; `null` when none is. */
  get term(): Term | null {
    return this.#term
  }

  /** Resolves when the doubt is durable. */
  async raise(current: Term): Promise<void> {
    const file = await this.#disk.open(DOUBT_PATH, { create: true })
    try {
      await writeSlot(file, DOUBT_MAGIC, 0, { sequence: 1, first: current, second: 0 })
      await file.sync()
    } finally {
      await file.close()
    }
    await this.#disk.syncFolder(LOG_FOLDER)
    this.#term = current
  }

  /** The member holds again whatever it may have lost. */
  async clear(): Promise<void> {
    if (this.#term === null) return
    await this.#disk.remove(DOUBT_PATH)
    await this.#disk.syncFolder(LOG_FOLDER)
    this.#term = null
  }
}
