/** Messages that wait for their time, in the plainest words: a list that is walked. */
import type { Timer, TimerName } from '../../../../src/broker/machine/commands.ts'
import { TIMER_BYTES } from '../../../../src/broker/machine/timer-codec.ts'
import { refusal } from './model-parts.ts'

interface ModelTimer extends TimerName {
  readonly topicId: number
  /** Where its bytes stand. */
  position: number
  /** It fired or was recalled. */
  over: boolean
}

export class ModelTimers {
  readonly #timers: ModelTimer[] = []

  add(topicId: number, dueMs: number, position: number): TimerName {
    const timer = { id: this.#timers.length + 1, dueMs: dueMs as TimerName['dueMs'] }
    this.#timers.push({ ...timer, topicId, position, over: false })
    return timer
  }

  /** `body` is where the command's body stands in the log. */
  move(items: readonly { readonly timer: Timer; readonly stored: Uint8Array }[], body: number): unknown {
    let position = body + 4 + TIMER_BYTES * items.length
    for (const { timer, stored } of items) {
      const known = this.#waiting(timer)
      if (known?.position === timer.position) known.position = position
      position += stored.byteLength
    }
    return { type: 'done' }
  }

  /** `place` takes the next place in a topic; `undefined` when it does not exist. */
  fire(
    timers: readonly Timer[],
    now: number,
    exists: (topicId: number) => boolean,
    place: (topicId: number) => object | undefined,
  ): unknown {
    let count = 0
    for (const one of timers) {
      const timer = this.#waiting(one)
      if (timer?.position !== one.position) continue
      if (exists(timer.topicId) && timer.dueMs > now) continue
      timer.over = true
      if (place(timer.topicId) !== undefined) count++
    }
    return { type: 'fired', count }
  }

  recall(one: Timer, now: number): unknown {
    if (one.id > this.#timers.length) return refusal('BAD_REQUEST')
    if (one.dueMs <= now) return refusal('ILLEGAL_OPERATION')
    const timer = this.#waiting(one)
    if (timer !== undefined && timer.position !== one.position) return { type: 'changedMeanwhile' }
    if (timer !== undefined) timer.over = true
    return { type: 'done' }
  }

  #waiting({ id }: TimerName): ModelTimer | undefined {
    return this.#timers.find((one) => one.id === id && !one.over)
  }
}
