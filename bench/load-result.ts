/** What the load generator tells at the end of a run, as one JSON line. */
import type { Latencies } from './histogram.ts'

/** Rates, counts and latencies are of the measured seconds; `failed` and `retried` of the whole run. */
export interface LoadResult {
  readonly event: 'result'
  readonly seconds: number
  readonly calls: number
  readonly callsPerSecond: number
  readonly messagesPerSecond: number
  /** Calls that the server refused or that got lost, and were not tried again. */
  readonly failed: number
  /** Calls that were sent again. */
  readonly retried: number
  readonly latencyMs: Latencies
  /** The longest time between two accepted calls that follow one another, and when it began (Unix ms). */
  readonly longestGapMs: number
  readonly gapBeganAtMs: number
  /** CPU time of the generator for each call, in microseconds. */
  readonly cpuMicrosPerCall: number
  /** The last reason for a refused or lost call; empty when there was none. */
  readonly lastError: string
}
