/**
 * The rounds of one leader. A round begins with each tick and with each batch of reads; every append carries the
 * latest one and every answer echoes it. So an answer proves that its sender followed this leader after the round
 * began, however late it arrives (thesis 6.4).
 */
import { assert } from '../base/assert.ts'

/** Counts rounds, and knows which of them began within the last ticks. */
export class Rounds {
  /** The round that began with each of the last ticks. */
  readonly #tickRounds: Float64Array
  #ticks = 0
  #current = 0

  /** `recentTicks`: an answer counts as recent for so many ticks. */
  constructor(recentTicks: number) {
    assert(recentTicks >= 1, 'what is recent lasts for a tick')
    this.#tickRounds = new Float64Array(recentTicks)
  }

  /** The latest round. */
  get current(): number {
    return this.#current
  }

  /** Ticks since this leader's term began. */
  get ticks(): number {
    return this.#ticks
  }

  /** Begins a round between ticks. */
  begin(): number {
    return ++this.#current
  }

  tick(): void {
    this.#ticks++
    this.#tickRounds[this.#ticks % this.#tickRounds.length] = this.begin()
  }

  /** Did the round begin within the last `recentTicks` ticks? All of a young leader's have. */
  isRecent(round: number): boolean {
    return round >= (this.#tickRounds[(this.#ticks + 1) % this.#tickRounds.length] ?? 0)
  }
}
