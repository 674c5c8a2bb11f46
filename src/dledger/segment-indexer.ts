/**
 * Writes the index files of segments that are full and applied to the end (segment-index.ts), one after the
 * other, in the background. Nothing depends on them but how long the next start takes.
 */
import type { LogIndex } from '../base/brand.ts'
import { messageOf } from '../base/errors.ts'
import type { Disk, Logger } from '../base/ports.ts'
import type { RecordIndex } from './log-index.ts'
import { segmentIndexPath, LOG_FOLDER, segmentStart } from './segment.ts'
import { writeSegmentIndex } from './segment-index.ts'

export interface SegmentIndexerOptions {
  readonly disk: Disk
  readonly index: RecordIndex
  readonly segmentBytes: number
  readonly logger: Logger
}

export class SegmentIndexer {
  readonly #options: SegmentIndexerOptions
  /** The start of the next segment to look at. */
  #next = 0
  #working: Promise<void> | undefined

  constructor(options: SegmentIndexerOptions) {
    this.#options = options
  }

  /** Everything up to `applied` was applied: a segment may be complete. */
  look(applied: LogIndex): void {
    const { index, segmentBytes } = this.#options
    if (this.#working !== undefined || index.end <= this.#next + segmentBytes) return
    this.#next = Math.max(this.#next, index.base.position)
    const next = index.indexAt(this.#next + segmentBytes)
    if (next === undefined || applied < next) return
    const start = this.#next
    this.#next += segmentBytes
    this.#working = this.#write(start).finally(() => {
      this.#working = undefined
      this.look(applied)
    })
  }

  /** Resolves when nothing is under way. */
  async drained(): Promise<void> {
    while (this.#working !== undefined) await this.#working
  }

  /** A disk that cannot hold the file loses nothing but time at the next start. */
  async #write(start: number): Promise<void> {
    const { disk, index, logger } = this.#options
    try {
      const names = await disk.list(LOG_FOLDER)
      if (names.some((name) => `${LOG_FOLDER}/${name}` === segmentIndexPath(start))) return
      if (segmentStart(index.base.position, this.#options.segmentBytes) > start) return
      await writeSegmentIndex(disk, index.recordsOf(start))
    } catch (error) {
      logger.warn({ start, error: messageOf(error) }, 'segment index not written')
    }
  }
}
