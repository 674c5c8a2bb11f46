/** `--backoff`: how long a message stays away after a delivery that failed, as a person writes it. */
import { durationMs } from './duration-option.ts'

/** As `CreateGroupRequest` has it: a list, or the three numbers, or nothing. */
export interface BackoffWish {
  readonly backoffDelaysMs: readonly number[]
  readonly backoffInitialMs: number
  readonly backoffMaxMs: number
  readonly backoffMultiplier: number
}

/** RocketMQ's table. */
export const NO_BACKOFF: BackoffWish = {
  backoffDelaysMs: [],
  backoffInitialMs: 0,
  backoffMaxMs: 0,
  backoffMultiplier: 0,
}

const HELP = 'give delays such as 1s,5s,30s, or a first and a longest one such as "1s..10m x2".'

/** Reads `1s,5s,1m` or `1s..10m x2`. Throws commander's `InvalidArgumentError`. */
export function parseBackoff(text: string): BackoffWish {
  const exponential = /^(\S+?)\.\.(\S+) ?x(\d+(?:\.\d+)?)$/.exec(text.trim())
  if (exponential === null) {
    return { ...NO_BACKOFF, backoffDelaysMs: text.split(',').map((delay) => durationMs(delay, HELP)) }
  }
  const [, first = '', longest = '', factor] = exponential
  return {
    backoffDelaysMs: [],
    backoffInitialMs: durationMs(first, HELP),
    backoffMaxMs: durationMs(longest, HELP),
    backoffMultiplier: Number(factor),
  }
}

/** The back-off that a group has. */
export function backoffOf(group: BackoffWish | null): BackoffWish {
  const { backoffDelaysMs, backoffInitialMs, backoffMaxMs, backoffMultiplier } = group ?? NO_BACKOFF
  return { backoffDelaysMs, backoffInitialMs, backoffMaxMs, backoffMultiplier }
}
