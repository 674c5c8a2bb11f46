/**
 * Repair while the log is in use: a committed record that the disk gives back wrong, short or not at all is
 * fetched from a peer, compared to what memory knows of it, written in its place, made durable and read again.
 * The header checksum that memory keeps stands for the record and all before it, so nothing else is ever taken.
 */
import type { LogIndex, NodeId } from '../base/brand.ts'
import { BytesError } from '../base/bytes.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { FailStop } from './fail-stop.ts'
import type { RecordIndex } from './log-index.ts'
import { isDamage, type LogReader } from './log-reader.ts'
import type { LogSource } from './log-source.ts'
import { checkRecord } from './record-codec.ts'
import { type SegmentFiles, segmentPath, segmentStart } from './segment.ts'

const PAUSE_MS = 200
/** Peers are asked so often before a read is told that its record is damaged. */
const ROUNDS_MAX = 25

export interface RecordRepairOptions {
  readonly files: SegmentFiles
  readonly index: RecordIndex
  readonly reader: LogReader
  readonly source: LogSource
  /** Only what is committed is repaired: nothing ever cuts it while it is being written. */
  readonly committedIndex: () => LogIndex
  readonly segmentBytes: number
  readonly failStop: FailStop
  readonly clock: Clock
  readonly logger: Logger
  readonly signal: AbortSignal
}

export class RecordRepair {
  readonly #options: RecordRepairOptions
  readonly #underWay = new Map<number, Promise<boolean>>()
  /** Records that could not be repaired when they were last read. */
  readonly #open = new Set<number>()
  #found = 0
  #repaired = 0

  constructor(options: RecordRepairOptions) {
    this.#options = options
  }

  /** How many records were found damaged; one that was not repaired and is found again counts once. */
  get found(): number {
    return this.#found
  }

  get open(): number {
    return this.#open.size
  }

  get repaired(): number {
    return this.#repaired
  }

  /** Repairs what is damaged of `first` to `last`. True when all of it is sound now. */
  async mend(first: number, last: number): Promise<boolean> {
    let isSound = true
    for (let index = first; index <= last; index++) {
      // Where one record could not be had, the peers are not waited for again.
      isSound = (await this.#mendOne(index, isSound ? ROUNDS_MAX : 1)) && isSound
    }
    return isSound
  }

  /** Many readers may find the same record damaged: it is repaired once. */
  #mendOne(index: number, rounds: number): Promise<boolean> {
    const known = this.#underWay.get(index)
    if (known !== undefined) return known
    const work = this.#work(index, rounds).finally(() => this.#underWay.delete(index))
    this.#underWay.set(index, work)
    return work
  }

  /** The record stands below the start of the log: nobody needs it. */
  #isGone(index: number): boolean {
    return index <= this.#options.index.base.index
  }

  async #work(index: number, rounds: number): Promise<boolean> {
    const { logger, segmentBytes } = this.#options
    if (this.#isGone(index)) return false
    const damage = await this.#damageOf(index)
    if (damage === undefined) {
      this.#open.delete(index)
      return true
    }
    if (this.#isGone(index)) return false
    const position = this.#options.index.positionOf(index)
    const file = segmentPath(segmentStart(position, segmentBytes))
    if (!this.#open.has(index)) {
      this.#found++
      logger.warn({ index, file, offset: position % segmentBytes, reason: damage }, 'record damaged')
    }
    for (let round = 0; round < rounds; round++) {
      const isPossible = index <= this.#options.committedIndex() && this.#options.source.peers.length > 0
      if (!isPossible || this.#isGone(index)) break
      for (const peer of this.#options.source.peers) {
        const record = await this.#fetch(peer, index)
        if (record === undefined) continue
        if (!(await this.#write(record, position, index))) break
        this.#repaired++
        this.#open.delete(index)
        logger.info({ peer, firstIndex: index, count: 1 }, 'log repaired')
        return true
      }
      if (this.#options.signal.aborted) break
      await this.#options.clock.sleep(PAUSE_MS, this.#options.signal).catch(() => undefined)
    }
    if (!this.#open.has(index)) logger.error({ index, file }, 'record not repaired')
    this.#open.add(index)
    return false
  }

  /** What is wrong with a record on the disk; `undefined` when it is sound. */
  async #damageOf(index: number): Promise<string | undefined> {
    if (this.#isGone(index)) return undefined
    try {
      await this.#options.reader.readAsIs(index, index, Buffer.allocUnsafe(this.#options.index.sizeOf(index)))
      return undefined
    } catch (error) {
      if (!isDamage(error)) throw error
      return messageOf(error)
    }
  }

  async #fetch(peer: NodeId, index: number): Promise<Uint8Array | undefined> {
    const { source, logger } = this.#options
    try {
      // Room for this record alone: the first one comes whole, whatever its size.
      const { records } = await source.fetch(peer, index as LogIndex, 1)
      if (this.#isRecord(records, index)) return records
      logger.debug({ peer, index, bytes: records.byteLength }, 'repair was refused')
    } catch (error) {
      if (!(error instanceof BrokerError || error instanceof BytesError)) throw error
      logger.debug({ peer, index, error: messageOf(error) }, 'repair was not answered')
    }
    return undefined
  }

  #isRecord(bytes: Uint8Array, index: number): boolean {
    const known = this.#options.index
    if (this.#isGone(index)) return false
    if (bytes.byteLength !== known.sizeOf(index)) return false
    const check = checkRecord(bytes, 0, {
      index,
      position: known.positionOf(index),
      chain: known.headerCrcOf(index - 1),
      termMin: known.termOf(index),
    })
    return check.type === 'ok' && check.header.headerCrc === known.headerCrcOf(index)
  }

  /** False when the disk still does not give the record back. */
  async #write(record: Uint8Array, position: number, index: number): Promise<boolean> {
    const { files, failStop } = this.#options
    failStop.check()
    try {
      await files.mend(record, position)
    } catch (error) {
      throw failStop.fail('a repair', error)
    }
    return (await this.#damageOf(index)) === undefined
  }
}
