/**
 * Acts on the leader when log time reaches something: messages become visible again, messages without an
 * attempt left become dead letters, claims of live clients are renewed. It sleeps until the earliest deadline
 * and, while there is one, moves log time on at least once a second, so that a new leader goes on from nearly
 * where the old one was.
 */
import { millis, type Millis } from '../base/brand.ts'
import { RENEW_BELOW_MS, RENEW_MS } from '../base/limits.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { messageOf } from '../base/errors.ts'
import type { ClientLiveness } from './client-liveness.ts'
import type { DeadLetter, GroupId, QueueNumber } from './machine/commands.ts'
import { encodeCommand } from './machine/index.ts'
import type { ClaimView, MachineView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'
import type { ReplicatedLog } from './replicated-log.ts'

const ADVANCE_EVERY_MS = 1_000
const ITEMS_PER_TURN_MAX = 512
/** A timer that fires a little early must not turn into a busy loop. */
const SLEEP_MS_MIN = 2

export interface DeadlineDriverOptions {
  readonly view: MachineView
  readonly log: ReplicatedLog
  readonly reader: MessageReader
  readonly clock: Clock
  readonly logger: Logger
  readonly liveness: ClientLiveness
  readonly now: () => Millis
  /** Messages may have become visible. */
  readonly pump: () => void
}

export class DeadlineDriver {
  readonly #options: DeadlineDriverOptions
  #cancelTimer: (() => void) | null = null
  #wakeAt = Number.POSITIVE_INFINITY
  #running = false
  #working = false
  /** It was woken while it worked. */
  #wokenMeanwhile = false

  constructor(options: DeadlineDriverOptions) {
    this.#options = options
  }

  /** This member leads from now on. */
  start(): void {
    this.#running = true
    this.#wake()
  }

  stop(): void {
    this.#running = false
    this.#sleepUntil(Number.POSITIVE_INFINITY)
  }

  /** What could not be done before can be done now. */
  poke(): void {
    if (this.#running && this.#wakeAt > this.#options.clock.mono()) {
      this.#sleepUntil(this.#options.clock.mono())
    }
  }

  /** Entries were applied: an earlier deadline may have come up. */
  look(): void {
    if (!this.#running) return
    const { clock, view, now } = this.#options
    // A receiver that gives up its last attempt leaves no deadline.
    if (view.hasExhausted(now())) this.poke()
    const deadline = view.nextDeadline(view.now)
    if (deadline === undefined) return
    const due = clock.mono() + Math.min(deadline - now(), ADVANCE_EVERY_MS)
    if (due < this.#wakeAt) this.#sleepUntil(due)
  }

  #sleepUntil(mono: number): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    this.#wakeAt = mono
    if (mono === Number.POSITIVE_INFINITY) return
    const sleepMs = Math.max(SLEEP_MS_MIN, mono - this.#options.clock.mono())
    this.#cancelTimer = this.#options.clock.timer(sleepMs, () => this.#wake())
  }

  #wake(): void {
    this.#wakeAt = Number.POSITIVE_INFINITY
    this.#wokenMeanwhile = this.#working
    if (!this.#running || this.#working) return
    this.#working = true
    const ahead = this.#options.view.nextDeadline(this.#options.now())
    this.#work()
      .catch((error: unknown) => {
        this.#options.logger.warn({ error: messageOf(error) }, 'deadlines could not be worked off')
      })
      .finally(() => {
        this.#working = false
        this.#again(ahead)
      })
  }

  async #work(): Promise<void> {
    const { view, log, now, pump } = this.#options
    if (!log.leading) return
    pump()
    const proposed = await Promise.all([this.#buryExhausted(), this.#renewLive()])
    const held = view.nextDeadline(view.now) !== undefined
    if (!proposed.includes(true) && held && now() - view.now >= ADVANCE_EVERY_MS / 2) {
      await log.propose(encodeCommand({ type: 'advance' }))
    }
  }

  /** Sleeps until the next deadline, which is now if the one that was `ahead` came while it worked. */
  #again(ahead: Millis | undefined): void {
    if (!this.#running) return
    const { view, clock, now } = this.#options
    const time = now()
    const cameMeanwhile = ahead !== undefined && ahead <= time
    const deadline = this.#wokenMeanwhile || cameMeanwhile ? time : view.nextDeadline(time)
    if (deadline === undefined) return
    this.#sleepUntil(clock.mono() + Math.min(deadline - time, ADVANCE_EVERY_MS))
  }

  /** Moves messages that used up their attempts to the dead letter topics of their groups. */
  async #buryExhausted(): Promise<boolean> {
    const { view, log, reader, now } = this.#options
    const exhausted = view.exhausted(now(), ITEMS_PER_TURN_MAX)
    const byQueue = new Map<string, ClaimView[]>()
    for (const claim of exhausted) {
      const key = `${claim.groupId}:${claim.queue}`
      const list = byQueue.get(key)
      if (list === undefined) byQueue.set(key, [claim])
      else list.push(claim)
    }
    let proposed = false
    for (const claims of byQueue.values()) {
      const { groupId, queue } = claims[0] as { groupId: GroupId; queue: QueueNumber }
      const items: DeadLetter['items'][number][] = []
      for (const { offset } of claims) {
        const pointer = await reader.pointer(queue, offset)
        // What stands below the rising floor is moved up first; `poke` comes after that.
        if (pointer !== undefined && pointer.position >= view.floors.rising)
          items.push({ ...pointer, offset })
      }
      if (items.length === 0) continue
      await log.propose(encodeCommand({ type: 'deadLetter', groupId, queue, items }))
      proposed = true
    }
    return proposed
  }

  /** Extends the claims of clients that live, in one command. */
  async #renewLive(): Promise<boolean> {
    const { view, log, liveness, clock, now } = this.#options
    const time = now()
    const mono = clock.mono()
    const isAlive = (client: Uint8Array): boolean => liveness.isAlive(client, mono)
    const deliveries = view
      .renewable(millis(time + RENEW_BELOW_MS), ITEMS_PER_TURN_MAX, isAlive)
      .map(({ groupId, queue, offset, attempt }) => ({ groupId, queue, offset, attempt }))
    if (deliveries.length === 0) return false
    await log.propose(encodeCommand({ type: 'renew', invisibleMs: millis(RENEW_MS), deliveries }))
    return true
  }
}
