/**
 * Has messages that wait for their time below a rising floor appended again, all of them: what waits was counted when it
 * was sent. Timers whose topic is gone are ended instead.
 */
import type { LogPosition } from '../base/brand.ts'
import { MOVED_BYTES_TARGET } from '../base/limits.ts'
import type { MoveTimers, Timer } from './machine/commands.ts'
import { encodeCommand, readTimer, TIMER_ROWS_END, timerRowKey } from './machine/index.ts'
import type { MachineView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'
import type { ReplicatedLog } from './replicated-log.ts'

const ENDED_MAX = 512
const FIRST = timerRowKey({ dueMs: 0 as Timer['dueMs'], id: 0 })

export class TimerMover {
  readonly #view: MachineView
  readonly #log: ReplicatedLog
  readonly #reader: MessageReader
  #items: MoveTimers['items'][number][] = []
  #bytes = 0
  #orphans: Timer[] = []

  constructor(view: MachineView, log: ReplicatedLog, reader: MessageReader) {
    this.#view = view
    this.#log = log
    this.#reader = reader
  }

  /** Moves all that stands below `target` when it is called; nothing new comes there. */
  async move(target: LogPosition): Promise<void> {
    if (this.#view.timers.count === 0) return
    for await (const rows of this.#log.scanRows(FIRST, TIMER_ROWS_END)) {
      for (const [key, value] of rows) {
        const timer = readTimer(key, value)
        if (timer !== undefined && timer.position < target) await this.#take(timer)
      }
    }
    await this.#propose()
    await this.#end()
  }

  async #take(timer: Timer): Promise<void> {
    if (!this.#view.isWaiting(timer)) return
    if (this.#view.topicById(timer.topicId) === undefined) {
      if (this.#orphans.push(timer) >= ENDED_MAX) await this.#end()
      return
    }
    this.#items.push({ timer, stored: await this.#reader.message(timer) })
    this.#bytes += timer.size
    if (this.#bytes >= MOVED_BYTES_TARGET) await this.#propose()
  }

  async #propose(): Promise<void> {
    const items = this.#items
    this.#items = []
    this.#bytes = 0
    if (items.length > 0) await this.#log.propose(encodeCommand({ type: 'moveTimers', items }))
  }

  /** Firing ends a timer without a topic, due or not. */
  async #end(): Promise<void> {
    const timers = this.#orphans
    this.#orphans = []
    if (timers.length > 0) await this.#log.propose(encodeCommand({ type: 'fire', timers }))
  }
}
