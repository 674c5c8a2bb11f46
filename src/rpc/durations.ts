/** Durations and times of apache.rocketmq.v2, which have the same shape, as milliseconds and back. Pure. */
import type { Duration } from './apache-definition.ts'

/** Whole milliseconds, rounded down, possibly negative; `undefined` when there is none. */
export function durationMs(duration: Duration | null | undefined): number | undefined {
  if (duration === null || duration === undefined) return undefined
  return duration.seconds * 1000 + Math.floor(duration.nanos / 1_000_000)
}

/** A duration of 0 or more milliseconds, or a time in milliseconds since 1970. */
export function durationOf(ms: number): Duration {
  return { seconds: Math.floor(ms / 1000), nanos: Math.round((ms % 1000) * 1_000_000) }
}
