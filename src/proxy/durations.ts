/** Durations of apache.rocketmq.v2 as milliseconds and back. Pure. */
import type { Duration } from '../rpc/apache-definition.ts'

/** Whole milliseconds, rounded down, possibly negative; `undefined` when there is none. */
export function durationMs(duration: Duration | null | undefined): number | undefined {
  if (duration === null || duration === undefined) return undefined
  return duration.seconds * 1000 + Math.floor(duration.nanos / 1_000_000)
}

/** A duration of 0 or more milliseconds. */
export function durationOf(ms: number): Duration {
  return { seconds: Math.floor(ms / 1000), nanos: Math.round((ms % 1000) * 1_000_000) }
}
