/**
 * Notes when this process itself stood still. A machine with too little time for its processes makes every group
 * look slow; what it took from the harness it took from the members too.
 */

const POLL_MS = 20
const STALL_MS_MIN = 80

/** From `begin` to `end` in milliseconds of `performance.now()`. */
export interface Stall {
  readonly begin: number
  readonly end: number
}

export class Stalls {
  readonly all: Stall[] = []
  readonly #since = performance.now()

  constructor() {
    let last = this.#since
    setInterval(() => {
      const now = performance.now()
      if (now - last > STALL_MS_MIN) this.all.push({ begin: last, end: now })
      last = now
    }, POLL_MS).unref()
  }

  /** The part of the time so far in which it stood still, 0 to 1. */
  share(): number {
    const still = this.all.reduce((sum, { begin, end }) => sum + end - begin, 0)
    return still / Math.max(1, performance.now() - this.#since)
  }

  words(): string {
    const longest = Math.max(0, ...this.all.map(({ begin, end }) => end - begin))
    return `the harness stood still for ${(this.share() * 100).toFixed(1)} % of the run, ${Math.round(longest)} ms at a time`
  }
}
