/**
 * Moves the retention floor on the leader: when the oldest segment is older than the retention time, or the log
 * is larger than the retention size. What RocketMQ calls fileReservedTime, decided once for all members.
 *
 * A round walks the steps of docs/machine-formats.md, "The retention floor". Each step is a command, and each
 * can be done again: a round that breaks off is begun anew, here or by the next leader.
 */
import { millis, type LogPosition, type Millis } from '../base/brand.ts'
import type { RetentionConfig } from '../base/config.ts'
import { RETENTION_CHECK_MS } from '../base/limits.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { KeptLog } from '../dledger/kept-log.ts'
import { encodeCommand } from './machine/index.ts'
import { stampOf } from './machine/entry-codec.ts'
import { floorTarget } from './floor-target.ts'
import { LeaderRounds } from './leader-rounds.ts'
import type { MachineView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'
import { MessageMover } from './message-mover.ts'
import { QueueTrimmer } from './queue-trimmer.ts'
import type { ReplicatedLog } from './replicated-log.ts'
import { TimerMover } from './timer-mover.ts'
import { TransactionMover } from './transaction-mover.ts'

const HOUR_MS = 3_600_000

export interface RetentionOptions {
  readonly config: RetentionConfig
  readonly view: MachineView
  readonly log: ReplicatedLog
  readonly kept: KeptLog
  readonly reader: MessageReader
  readonly clock: Clock
  readonly logger: Logger
  /** Log time now. */
  readonly now: () => Millis
  /** The floor was passed: what waited for it can go on. */
  readonly passed: () => void
}

export class Retention {
  readonly #options: RetentionOptions
  readonly #rounds: LeaderRounds

  constructor(options: RetentionOptions) {
    this.#options = options
    const { clock, logger } = options
    const round = (): Promise<void> => this.#round()
    const phrase = 'retention could not go on'
    this.#rounds = new LeaderRounds({ everyMs: RETENTION_CHECK_MS, round, phrase, clock, logger })
  }

  /** This member leads from now on. */
  start(): void {
    this.#rounds.start()
  }

  stop(): void {
    this.#rounds.stop()
  }

  async #round(): Promise<void> {
    const { view, log, reader, logger, passed } = this.#options
    const { position: floor, rising } = view.floors
    const target = rising > floor ? rising : await this.#target(floor)
    const since = millis(Math.max(0, this.#options.now() - this.#retentionMs))
    const trimmer = new QueueTrimmer(view, log, reader, logger)
    const transactions = new TransactionMover(view, log, reader)
    await transactions.expireParked(since, logger)
    if (target > floor) {
      const mover = new MessageMover(view, log, reader, this.#liveBytesMax)
      // Before the floor rises, since from then on nothing fires from below.
      await new TimerMover(view, log, reader).move(target)
      await log.propose(encodeCommand({ type: 'floor', rising: target, position: floor }))
      await trimmer.trim(target, (await this.#stampFrom(target)) ?? this.#options.now(), since)
      await mover.moveClaims(target)
      await mover.moveOlder(target)
      await transactions.moveAll(target)
      await log.propose(encodeCommand({ type: 'floor', rising: target, position: target }))
      logger.info({ floor: target, movedBytes: view.movedBytes }, 'retention floor moved')
      passed()
    }
    await trimmer.trimTopics(this.#options.now())
    await trimmer.dropPages()
  }

  get #retentionMs(): number {
    return this.#options.config.hours * HOUR_MS
  }

  /**
   * What is moved up and what waits for its time may take half of what is kept. Delayed sends are refused beyond; half
   * messages have a limit of their own.
   */
  get #liveBytesMax(): number {
    const { config, kept, view } = this.#options
    if (config.bytes !== undefined) return Math.floor(config.bytes / 2) - view.timers.bytes
    return Math.floor((kept.span.end - kept.span.start) / 2)
  }

  /**
   * The start of the first segment that stays. The newest segment always stays, and for members that are behind so
   * much more as the configuration says: who lacks more gets a state (dledger/state).
   */
  async #target(floor: LogPosition): Promise<LogPosition> {
    const { config, kept } = this.#options
    const { start, segmentBytes } = kept.span
    const target = await this.#ownTarget(floor)
    const least = Math.max(floor, start)
    const { sharedEnd } = kept
    const { awayBytes } = config
    return floorTarget({ target, least, sharedEnd, segmentBytes, awayBytes }) as LogPosition
  }

  /** The same, if all members had everything. */
  async #ownTarget(floor: LogPosition): Promise<number> {
    const { config, kept, now, view } = this.#options
    const { start, end, segmentBytes } = kept.span
    const needed = view.neededByPart ?? end
    const limit = Math.min(kept.appliedEnd - segmentBytes, needed - (needed % segmentBytes))
    let target: number = Math.max(floor, start)
    const tooLarge = (): boolean => config.bytes !== undefined && end - target > config.bytes
    while (target < limit && tooLarge()) target += segmentBytes
    while (target < limit) {
      const stamp = await this.#stampFrom(target + segmentBytes)
      if (stamp === undefined || now() - stamp < this.#retentionMs) break
      target += segmentBytes
    }
    return target
  }

  /** Log time of the first entry at or behind a position that has one. Everything before is as old or older. */
  async #stampFrom(position: number): Promise<Millis | undefined> {
    for await (const body of this.#options.kept.bodiesFrom(position as LogPosition)) {
      const stamp = stampOf(body)
      if (stamp !== undefined) return stamp
    }
    return undefined
  }
}
