/** `--backoff`: how long a message stays away after a delivery that failed, as a person writes it. */
import { InvalidArgumentError } from 'commander'

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

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const HELP = 'give delays such as 1s,5s,30s, or a first and a longest one such as "1s..10m x2".'

/** Reads `1s,5s,1m` or `1s..10m x2`. Throws commander's `InvalidArgumentError`. */
export function parseBackoff(text: string): BackoffWish {
  const exponential = /^(\S+?)\.\.(\S+) ?x(\d+(?:\.\d+)?)$/.exec(text.trim())
  if (exponential === null) {
    return { ...NO_BACKOFF, backoffDelaysMs: text.split(',').map((delay) => durationMs(delay.trim())) }
  }
  const [, first = '', longest = '', factor] = exponential
  return {
    backoffDelaysMs: [],
    backoffInitialMs: durationMs(first),
    backoffMaxMs: durationMs(longest),
    backoffMultiplier: Number(factor),
  }
}

function durationMs(text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
  const ms = Math.round(Number(amount) * (UNITS_MS[unit] ?? Number.NaN))
  if (Number.isSafeInteger(ms) && ms > 0) return ms
  throw new InvalidArgumentError(HELP)
}
