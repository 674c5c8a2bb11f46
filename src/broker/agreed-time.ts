/** The time that the clocks of a majority tell. Pure. */

/** Clocks that differ by no more tell the same time. */
export const CLOCKS_AGREE_MS = 1_000

/**
 * The median of those of the given readings, all of the same moment, that lie within a second of each other: of the
 * largest such group, if that is at least `quorum`. `undefined`: no majority agrees. With two groups as large, the
 * earlier one.
 */
export function agreedReading(readings: readonly number[], quorum: number): number | undefined {
  const sorted = [...readings].sort((one, other) => one - other)
  let best: readonly number[] = []
  for (const [start, first] of sorted.entries()) {
    const group = sorted.slice(start).filter((reading) => reading - first <= CLOCKS_AGREE_MS)
    if (group.length > best.length) best = group
  }
  if (best.length < Math.max(1, quorum)) return undefined
  const middle = Math.floor(best.length / 2)
  const upper = best[middle] as number
  return best.length % 2 === 1 ? upper : ((best[middle - 1] as number) + upper) / 2
}
