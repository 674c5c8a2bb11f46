/**
 * Gives delayed messages their places in queues when their time has come, on the leader. It keeps the timers that are
 * due next in memory, takes more from the table when they run out, and sleeps until the earliest. While messages wait
 * and nothing else happens it moves log time on now and then.
 */
import type { Millis } from '../base/brand.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { Timer } from './machine/commands.ts'
import { encodeCommand, readTimer, TIMER_ROWS_END, timerRowKey } from './machine/index.ts'
import type { MachineView } from './machine/view.ts'
import type { ReplicatedLog } from './replicated-log.ts'
import type { TimerMetrics } from './timer-metrics.ts'
import { TimerWindow, WINDOW_TIMERS } from './timer-window.ts'

/** Timers that one command fires. */
const FIRED_MAX = 512
const SLEEP_MS_MIN = 2
/** Log time may run faster than the clock that wakes, by 10 %: sleeps that are longer are cut by as much. */
const SLEEP_WHOLE_MS_MAX = 20
const FASTEST = 1.1
/** What could not be fired is tried again after this long. */
const AGAIN_MS = 50
/** Log time is moved on this often while the next timer is near, and while it is far. */
const ADVANCE_MS = 1_000
const ADVANCE_FAR_MS = 60_000

export interface TimerDriverOptions {
  readonly view: MachineView
  readonly log: ReplicatedLog
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: TimerMetrics
  /** Log time now. */
  readonly now: () => Millis
}

export class TimerDriver {
  readonly #options: TimerDriverOptions
  #window = new TimerWindow()
  /** What was made while rows are read from the table; `null` while none are. */
  #madeMeanwhile: Timer[] | null = null
  #cancelTimer: (() => void) | null = null
  #wakeAt = Number.POSITIVE_INFINITY
  #running = false
  #working = false

  constructor(options: TimerDriverOptions) {
    this.#options = options
  }

  /** This member leads from now on. */
  start(): void {
    this.#running = true
    this.#window = new TimerWindow()
    this.#wake()
  }

  stop(): void {
    this.#running = false
    this.#window = new TimerWindow()
    this.#sleepUntil(Number.POSITIVE_INFINITY)
  }

  /** Log time jumped, or what could not be fired before can be now. */
  poke(): void {
    if (this.#running) this.#sleepUntil(this.#options.clock.mono())
  }

  /** Timers were made or moved by applied entries. */
  made(timers: readonly Timer[]): void {
    if (!this.#running || timers.length === 0) return
    for (const timer of timers) {
      this.#window.add(timer)
      this.#madeMeanwhile?.push(timer)
    }
    const { nextDue } = this.#window
    if (nextDue === undefined || this.#working) return
    const due = this.#options.clock.mono() + sleepMsTo(nextDue - this.#options.now())
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
    if (!this.#running || this.#working) return
    this.#working = true
    void this.#turn()
  }

  async #turn(): Promise<void> {
    let pauseMs = AGAIN_MS
    try {
      pauseMs = await this.#work()
    } catch (error) {
      const isUsual = error instanceof BrokerError && (error.code === 'BUSY' || error.code === 'NOT_LEADER')
      if (!isUsual) this.#options.logger.warn({ error: messageOf(error) }, 'timers could not be worked off')
    } finally {
      this.#working = false
    }
    this.#again(pauseMs)
  }

  /** Fires all that is due. Returns for how long nothing is to be tried. */
  async #work(): Promise<number> {
    const { now, log } = this.#options
    while (this.#running && log.leading) {
      if (this.#window.size === 0 && !this.#window.isWhole) await this.#load()
      const due = this.#window.takeDue(now(), FIRED_MAX)
      if (due.length === 0) {
        if (this.#window.size > 0 || this.#window.isWhole) break
        continue
      }
      if (!(await this.#fire(due))) return AGAIN_MS
    }
    await this.#advance()
    return 0
  }

  /** False when some of them still wait. */
  async #fire(due: readonly Timer[]): Promise<boolean> {
    const { view, log, metrics, now } = this.#options
    const window = this.#window
    const timers = due.filter((timer) => view.isWaiting(timer))
    if (timers.length === 0) return true
    try {
      await log.propose(encodeCommand({ type: 'fire', timers }))
    } finally {
      const time = now()
      for (const timer of timers) {
        if (view.isWaiting(timer)) {
          window.add(timer)
          continue
        }
        metrics.fired.add()
        metrics.latenessMs.observe(time - timer.dueMs)
      }
    }
    return !timers.some((timer) => view.isWaiting(timer))
  }

  /** Takes the next timers from the table. */
  async #load(): Promise<void> {
    const window = this.#window
    const meanwhile: Timer[] = []
    this.#madeMeanwhile = meanwhile
    const found: Timer[] = []
    let isAll = true
    for await (const rows of this.#options.log.scanRows(timerRowKey(window.end), TIMER_ROWS_END)) {
      for (const [key, value] of rows) {
        const timer = readTimer(key, value)
        if (timer !== undefined) found.push(timer)
      }
      isAll = found.length < WINDOW_TIMERS
      if (!isAll) break
    }
    window.extend(found, isAll)
    for (const timer of meanwhile) window.add(timer)
    this.#madeMeanwhile = null
  }

  async #advance(): Promise<void> {
    const { view, log, now } = this.#options
    if (view.timers.count === 0) return
    const time = now()
    const isFar = (this.#window.nextDue ?? 0) - time > ADVANCE_FAR_MS
    if (time - view.now >= (isFar ? ADVANCE_FAR_MS : ADVANCE_MS)) {
      await log.propose(encodeCommand({ type: 'advance' }))
    }
  }

  #again(pauseMs: number): void {
    if (!this.#running) return
    const { view, clock, now } = this.#options
    const { nextDue } = this.#window
    if (pauseMs > 0) return this.#sleepUntil(clock.mono() + pauseMs)
    if (view.timers.count === 0) return
    // Some wait and none is known: the table is read from its beginning.
    if (nextDue === undefined) this.#window = new TimerWindow()
    this.#sleepUntil(clock.mono() + (nextDue === undefined ? ADVANCE_MS : sleepMsTo(nextDue - now())))
  }
}

/** How long to sleep when so much log time is left, so that log time is looked at before that is over. */
function sleepMsTo(leftMs: number): number {
  const max = leftMs > ADVANCE_FAR_MS ? ADVANCE_FAR_MS : ADVANCE_MS
  return Math.min(leftMs <= SLEEP_WHOLE_MS_MAX ? leftMs : leftMs / FASTEST, max)
}
