/**
 * Refuses sends before the disk is at its end. Reading, acknowledging, elections and retention go on with what
 * the reserve leaves; sends are taken again when retention has made room.
 */
import { BrokerError, messageOf } from '../base/errors.ts'
import type { Clock, Disk, Logger } from '../base/ports.ts'

const CHECK_EVERY_MS = 1_000

export class DiskGuard {
  readonly #disk: Disk
  readonly #reserveBytes: number
  readonly #logger: Logger
  readonly #clock: Clock
  #freeBytes = Number.POSITIVE_INFINITY
  #totalBytes = 0
  #cancelTimer: () => void = () => undefined

  constructor(disk: Disk, reserveBytes: number, clock: Clock, logger: Logger) {
    this.#disk = disk
    this.#reserveBytes = reserveBytes
    this.#clock = clock
    this.#logger = logger
  }

  get space(): { readonly freeBytes: number; readonly totalBytes: number } {
    return { freeBytes: this.#freeBytes, totalBytes: this.#totalBytes }
  }

  /** The size of the disk; endless while it could not be read. */
  get totalBytes(): number {
    return this.#totalBytes === 0 ? Number.POSITIVE_INFINITY : this.#totalBytes
  }

  get low(): boolean {
    return this.#freeBytes < this.#reserveBytes
  }

  /** Looks once and then every second. */
  async start(): Promise<void> {
    await this.#check()
    this.#cancelTimer = this.#clock.timer(CHECK_EVERY_MS, () => void this.start())
  }

  stop(): void {
    this.#cancelTimer()
  }

  /** Throws DISK_FULL when less than the reserve is left. */
  requireSpace(): void {
    if (!this.low) return
    const free = Math.floor(this.#freeBytes / 1048576)
    const reserve = Math.floor(this.#reserveBytes / 1048576)
    throw new BrokerError('DISK_FULL', `the leader's disk has ${free} MiB left and keeps ${reserve} MiB`)
  }

  async #check(): Promise<void> {
    const wasLow = this.low
    try {
      const { freeBytes, totalBytes } = await this.#disk.space()
      this.#freeBytes = freeBytes
      this.#totalBytes = totalBytes
    } catch (error) {
      this.#logger.warn({ error: messageOf(error) }, 'free space could not be read')
    }
    if (this.low && !wasLow) this.#logger.warn({ freeBytes: this.#freeBytes }, 'disk is nearly full')
    if (!this.low && wasLow) this.#logger.info({ freeBytes: this.#freeBytes }, 'disk has space again')
  }
}
