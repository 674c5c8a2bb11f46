/** How far the retention floor may rise when members are behind. Positions and sizes are bytes of the log. */

export interface FloorWish {
  /** Where the floor would be if every member had everything: the start of a segment. */
  readonly target: number
  /** Where the floor is, or the log begins: it never goes below. */
  readonly least: number
  /** Up to here every member holds the log. */
  readonly sharedEnd: number
  readonly segmentBytes: number
  /** So much more is kept for members that are behind. */
  readonly awayBytes: number
}

/**
 * The start of the first segment that stays. The newest segment that every member holds stays as long as that asks
 * for no more than `awayBytes` beyond the target; who lacks more than that gets a state (dledger/state).
 */
export function floorTarget({ target, least, sharedEnd, segmentBytes, awayBytes }: FloorWish): number {
  const up = (bytes: number): number => Math.ceil(bytes / segmentBytes) * segmentBytes
  const shared = up(sharedEnd - segmentBytes)
  return Math.max(least, Math.min(target, Math.max(shared, target - up(awayBytes))))
}
