/**
 * Reads the whole log again and again, slowly, so that what rots on the disk is found while the other members
 * still have it. A pass takes about one period, however long the log is, and never reads faster than a bound.
 * What is damaged is repaired like by any other read (record-repair.ts).
 */
import { type LogIndex, logIndex } from '../base/brand.ts'
import { messageOf } from '../base/errors.ts'
import { SCRUB_BYTES_PER_SECOND_MAX, SCRUB_CHUNK_BYTES } from '../base/limits.ts'
import type { Clock, Logger } from '../base/ports.ts'

/** How often the scrub looks at what is due. */
const TURN_MS = 1_000

/** What the scrub reads. */
export interface ScrubbedLog {
  /**
   * Reads and checks whole records from `first` on, or from where the log begins, as many as fit `bytesMax` but at least one. `null` when
   * nothing that is committed and durable stands there. `sound` is false when some could not be repaired.
   */
  check(first: LogIndex, bytesMax: number): Promise<CheckedRecords | null>
  /** How much there is to read now. */
  readonly bytes: number
}

export interface CheckedRecords {
  readonly next: LogIndex
  readonly bytes: number
  readonly sound: boolean
}

/** How far the scrub is. */
export interface ScrubState {
  readonly passes: number
  /** Bytes that the pass under way has read. */
  readonly bytes: number
}

export interface ScrubOptions {
  readonly log: ScrubbedLog
  /** One pass takes about so long. */
  readonly periodMs: number
  readonly clock: Clock
  readonly logger: Logger
}

export class Scrub {
  readonly #options: ScrubOptions
  #passes = 0
  #bytes = 0
  /** Reads of this pass that found what could not be repaired. */
  #unsound = 0
  #next: LogIndex = logIndex(1)
  #startedAt: number

  constructor(options: ScrubOptions) {
    this.#options = options
    this.#startedAt = options.clock.mono()
  }

  get state(): ScrubState {
    return { passes: this.#passes, bytes: this.#bytes }
  }

  /** Reads until the signal aborts. A disk that fails is others' concern: the scrub tells it and goes on. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options
    while (!signal.aborted) {
      try {
        await clock.sleep(TURN_MS, signal)
        await this.#turn(signal)
      } catch (error) {
        if (signal.aborted) return
        logger.warn({ index: this.#next, error: messageOf(error) }, 'scrub could not read the log')
      }
    }
  }

  /** Reads what is due since the pass began. A pass ends after its period, at the end of the log. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { log, clock, periodMs } = this.#options
    const share = Math.min(1, (clock.mono() - this.#startedAt) / periodMs)
    const isDue = (): boolean => share === 1 || this.#bytes < log.bytes * share
    while (isDue()) {
      const checked = await log.check(this.#next, SCRUB_CHUNK_BYTES)
      if (checked === null) {
        if (share === 1) this.#endPass()
        return
      }
      this.#next = checked.next
      this.#bytes += checked.bytes
      if (!checked.sound) this.#unsound++
      await clock.sleep((checked.bytes / SCRUB_BYTES_PER_SECOND_MAX) * 1_000, signal)
    }
  }

  #endPass(): void {
    const { clock, logger } = this.#options
    this.#passes++
    const ms = Math.round(clock.mono() - this.#startedAt)
    logger.info({ pass: this.#passes, bytes: this.#bytes, ms, unsound: this.#unsound }, 'log scrubbed')
    this.#bytes = 0
    this.#unsound = 0
    this.#next = logIndex(1)
    this.#startedAt = clock.mono()
  }
}
