/** Counts of latencies in steps of 10 microseconds up to 20 seconds. Adding one costs an array access. */

const STEPS_PER_MS = 100
const STEPS_MAX = 2_000_000

/** What is told of a set of latencies, in milliseconds. */
export interface Latencies {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export class Histogram {
  private readonly counts = new Uint32Array(STEPS_MAX)
  private total = 0
  private most = 0

  /** Counts one latency in milliseconds. Longer ones than 20 s count as 20 s, but `max` is exact. */
  add(ms: number): void {
    const step = Math.min(Math.trunc(ms * STEPS_PER_MS), STEPS_MAX - 1)
    this.counts[step] = (this.counts[step] ?? 0) + 1
    this.total += 1
    if (ms > this.most) this.most = ms
  }

  /** All zero while nothing was counted. */
  latencies(): Latencies {
    return {
      p50: this.quantile(0.5),
      p90: this.quantile(0.9),
      p99: this.quantile(0.99),
      p999: this.quantile(0.999),
      max: Math.round(this.most * STEPS_PER_MS) / STEPS_PER_MS,
    }
  }

  private quantile(part: number): number {
    const wanted = Math.max(1, Math.ceil(this.total * part))
    let seen = 0
    for (let step = 0; step < STEPS_MAX && this.total > 0; step += 1) {
      seen += this.counts[step] ?? 0
      if (seen >= wanted) return step / STEPS_PER_MS
    }
    return 0
  }
}
