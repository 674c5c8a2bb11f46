/** Halving over queue offsets. */
import { queueOffset, type QueueOffset } from '../base/brand.ts'

/**
 * The first offset of [start, end) for which `holds`, `end` when there is none. `holds` must be true for all
 * offsets behind one for which it is.
 */
export async function firstWhere(
  start: QueueOffset,
  end: QueueOffset,
  holds: (offset: QueueOffset) => Promise<boolean>,
): Promise<QueueOffset> {
  let low: number = start
  let high: number = end
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (await holds(queueOffset(middle))) high = middle
    else low = middle + 1
  }
  return queueOffset(low)
}
