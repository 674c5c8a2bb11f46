/** How many messages a second a group takes and hands out, from its counts at two times. */
import type { MachineView } from '../../broker/machine/view.ts'

const SAMPLE_MS_MIN = 1_000

interface Sample {
  readonly mono: number
  readonly sent: number
  readonly handedOut: number
}

/** Rates between the calls that ask for them, over a second at least. */
export class Traffic {
  readonly #view: MachineView
  readonly #mono: () => number
  #last: Sample
  #rates = { inTps: 0, outTps: 0 }

  constructor(view: MachineView, mono: () => number) {
    this.#view = view
    this.#mono = mono
    this.#last = this.#sample()
  }

  /** Messages a second that were stored, and that were handed out for the first time. */
  rates(): { readonly inTps: number; readonly outTps: number } {
    const now = this.#sample()
    const ms = now.mono - this.#last.mono
    if (ms < SAMPLE_MS_MIN) return this.#rates
    const perSecond = (count: number): number => Math.max(0, (1000 * count) / ms)
    this.#rates = {
      inTps: perSecond(now.sent - this.#last.sent),
      outTps: perSecond(now.handedOut - this.#last.handedOut),
    }
    this.#last = now
    return this.#rates
  }

  #sample(): Sample {
    let sent = 0
    let handedOut = 0
    for (const topic of this.#view.topics()) {
      for (const queue of topic.queues) sent += this.#view.queue(queue)?.nextOffset ?? 0
    }
    for (const group of this.#view.groups()) {
      for (const id of group.topics) {
        for (const queue of this.#view.topicById(id)?.queues ?? []) {
          handedOut += this.#view.consumer(group.id, queue)?.cursor ?? 0
        }
      }
    }
    return { mono: this.#mono(), sent, handedOut }
  }
}
