/** Finds a queue's first message that was stored, or came into the queue if that was later, at or after a time. */
import type { Millis, QueueOffset } from '../base/brand.ts'
import { firstWhere } from './first-where.ts'
import { readStoredHeader } from './machine/stored-message.ts'
import type { QueueView } from './machine/view.ts'
import type { MessageReader } from './message-reader.ts'

/** Between the queue's minimum and its end; the end when every message is older. */
export async function offsetByTime(
  reader: MessageReader,
  queue: QueueView,
  time: Millis,
): Promise<QueueOffset> {
  return firstWhere(queue.minOffset, queue.nextOffset, async (offset) => {
    const entry = await reader.entry(queue.queue, offset)
    if (entry !== undefined && entry.sinceSeconds > 0) return entry.sinceSeconds >= Math.floor(time / 1000)
    const stored = await reader.read(queue.queue, offset)
    const header = stored && readStoredHeader(stored)
    // What retention took away meanwhile was older than anything that is asked for.
    return stored !== undefined && (header === undefined || header.storedAtMs >= time)
  })
}
