/**
 * The file `log/synced` (slot-pair.ts): a position up to which the log is known to be durable, and the size
 * of the log's segments, which never changes. Recovery needs it to tell a
 * torn tail, which is cut, from damage of acknowledged records, which is refused.
 *
 * Rule: mark <= the durable end of the log, on the disk at every moment. So the mark follows the log's sync,
 * and goes down durably before the log is cut.
 *
 * The mark is written a few times a second without sync, which survives a killed process, and made durable
 * about once a second. Between two syncs only one of the two slots is touched, so the other is always whole.
 */
import { assert } from '../base/assert.ts'
import { type LogPosition, logPosition } from '../base/brand.ts'
import { BrokerError } from '../base/errors.ts'
import type { Clock, Disk, DiskFile } from '../base/ports.ts'
import type { FailStop } from './fail-stop.ts'
import { LOG_FOLDER } from './segment.ts'
import { otherSlot, readSlots, type Slot, type SlotNumber, writeSlot } from './slot-pair.ts'

/** The path of the file below the data folder. */
export const SYNCED_MARK_PATH = `${LOG_FOLDER}/synced`
/** "DLSM". */
export const SYNCED_MARK_MAGIC = 0x444c534d

/** The mark is written at most this often. */
const WRITE_EVERY_MS = 50
/** And made durable at most this often. */
const SYNC_EVERY_MS = 1000

export class SyncedMark {
  /** What the log was made with. */
  readonly segmentBytes: number
  readonly #file: DiskFile
  readonly #clock: Clock
  readonly #failStop: FailStop
  #sequence: number
  /** The slot that the next write goes to: never the newest durable one. */
  #slot: SlotNumber
  /** What the mark should say. */
  #position: number
  #written: number
  #durable: number
  #syncedAt: number
  #cancelTimer: (() => void) | undefined
  #underWay: Promise<void> | undefined
  #closed = false

  private constructor(
    file: DiskFile,
    clock: Clock,
    failStop: FailStop,
    found: Slot & { readonly number: SlotNumber },
  ) {
    this.#file = file
    this.#clock = clock
    this.#failStop = failStop
    this.#sequence = found.sequence
    this.#slot = otherSlot(found.number)
    this.#position = found.first
    this.#written = found.first
    this.#durable = found.first
    this.segmentBytes = found.second
    this.#syncedAt = clock.mono()
  }

  /** Makes the file for an empty log, durably. */
  static async create(
    disk: Disk,
    clock: Clock,
    failStop: FailStop,
    segmentBytes: number,
  ): Promise<SyncedMark> {
    const file = await disk.open(SYNCED_MARK_PATH, { create: true })
    for (const number of [0, 1] as const) {
      await writeSlot(file, SYNCED_MARK_MAGIC, number, {
        sequence: number + 1,
        first: 0,
        second: segmentBytes,
      })
      await file.sync()
    }
    await disk.syncFolder(LOG_FOLDER)
    return new SyncedMark(file, clock, failStop, { sequence: 2, first: 0, second: segmentBytes, number: 1 })
  }

  /** Reads the mark of an existing log. Throws DATA_DAMAGED when neither slot is whole. */
  static async open(disk: Disk, clock: Clock, failStop: FailStop): Promise<SyncedMark> {
    const names = await disk.list(LOG_FOLDER)
    if (!names.includes('synced')) {
      throw new BrokerError('DATA_DAMAGED', `The file ${SYNCED_MARK_PATH} of an existing log is missing.`)
    }
    const file = await disk.open(SYNCED_MARK_PATH, { create: false })
    const found = await readSlots(file, SYNCED_MARK_MAGIC)
    if (found === undefined) {
      await file.close()
      throw new BrokerError('DATA_DAMAGED', `Both slots of the file ${SYNCED_MARK_PATH} are damaged.`)
    }
    return new SyncedMark(file, clock, failStop, { ...found.newest, number: found.number })
  }

  /** What the mark says. */
  get position(): LogPosition {
    return logPosition(this.#position)
  }

  /** The log is durable up to `position` now. Writes the mark soon, in the background. */
  advance(position: LogPosition): void {
    assert(position >= this.#position, 'the mark advances', { position, mark: this.#position })
    this.#position = position
    if (this.#underWay === undefined) this.#arm()
  }

  /** Sets the mark in both slots, durably: before a cut below it, or after recovery. */
  async set(position: LogPosition): Promise<void> {
    this.#disarm()
    while (this.#underWay !== undefined) await this.#underWay
    this.#position = position
    for (let i = 0; i < 2; i++) {
      await this.#write()
      await this.#sync()
    }
  }

  /** Makes the last advance durable, if the store is sound, and closes the file. */
  async close(): Promise<void> {
    this.#closed = true
    this.#disarm()
    while (this.#underWay !== undefined) await this.#underWay
    if (!this.#failStop.failed && this.#durable !== this.#position) {
      await this.#write()
      await this.#sync()
    }
    await this.#file.close()
  }

  #arm(): void {
    if (this.#cancelTimer !== undefined || this.#closed || this.#durable === this.#position) return
    this.#cancelTimer = this.#clock.timer(WRITE_EVERY_MS, () => {
      this.#cancelTimer = undefined
      this.#underWay = this.#flush()
    })
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  /** Never rejects: a failure goes to the store's `FailStop`. */
  async #flush(): Promise<void> {
    try {
      // The caller stores this promise before the end below clears it again.
      await Promise.resolve()
      if (this.#failStop.failed) return
      if (this.#written !== this.#position) await this.#write()
      if (this.#clock.mono() - this.#syncedAt >= SYNC_EVERY_MS) await this.#sync()
    } catch (error) {
      this.#failStop.fail('writing the synced mark', error)
    } finally {
      this.#underWay = undefined
      if (!this.#failStop.failed) this.#arm()
    }
  }

  async #write(): Promise<void> {
    const position = this.#position
    this.#sequence++
    await writeSlot(this.#file, SYNCED_MARK_MAGIC, this.#slot, {
      sequence: this.#sequence,
      first: position,
      second: this.segmentBytes,
    })
    this.#written = position
  }

  async #sync(): Promise<void> {
    const position = this.#written
    await this.#file.sync()
    this.#durable = position
    this.#slot = otherSlot(this.#slot)
    this.#syncedAt = this.#clock.mono()
  }
}
