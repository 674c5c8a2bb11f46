/** What is counted of delayed messages on the member that leads. */
import { Counter, Histogram } from '../base/metrics.ts'

export class TimerMetrics {
  readonly fired = new Counter()
  readonly recalled = new Counter()
  /** Log time between the due time of a message and its place in a queue. */
  readonly latenessMs = new Histogram([2, 5, 10, 20, 50, 100, 250, 1_000, 10_000, 60_000])
}
