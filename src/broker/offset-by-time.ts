/** Finds a queue's first message that was stored at or after a time, by halving. */
import { queueOffset, type Millis, type QueueOffset } from '../base/brand.ts'
import { readStoredHeader } from './machine/stored-message.ts'
import type { QueueView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'

/** Between the queue's minimum and its end; the end when every message is older. */
export async function offsetByTime(
  reader: MessageReader,
  queue: QueueView,
  time: Millis,
): Promise<QueueOffset> {
  let low: number = queue.minOffset
  let high: number = queue.nextOffset
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const pointer = await reader.pointer(queue.queue, queueOffset(middle))
    const header = readStoredHeader(await reader.message(pointer))
    if (header !== undefined && header.storedAtMs < time) low = middle + 1
    else high = middle
  }
  return queueOffset(low)
}
