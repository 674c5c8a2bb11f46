/** Durations as a person writes them: 500ms, 1s, 10m, 2h, 3d. */
import { InvalidArgumentError } from 'commander'

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds, more than 0. Throws commander's `InvalidArgumentError` with `help`. */
export function durationMs(text: string, help = 'give a duration such as 500ms, 10s, 2h or 3d.'): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim()) ?? []
  const ms = Math.round(Number(amount) * (UNITS_MS[unit] ?? Number.NaN))
  if (Number.isSafeInteger(ms) && ms > 0) return ms
  throw new InvalidArgumentError(help)
}
