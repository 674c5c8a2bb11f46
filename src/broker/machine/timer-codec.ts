/**
 * The bodies of the commands about timers.
 *
 *   28 fire        list of timers
 *   29 recall      16 request, timer
 *   30 moveTimers  list of timers as they were; then their stored messages one after the other
 *
 * timer: u64 id, u64 due time, u32 topic id, u64 position, u32 size, u32 tag CRC-32.
 */
import type { LogPosition, Millis } from '../../base/brand.ts'
import { BytesError, type Reader, type Writer } from '../../base/bytes.ts'
import type { MoveTimers, Timer } from './commands.ts'
import { readStoredHeader } from './stored-message.ts'

/** A timer in a command. */
export const TIMER_BYTES = 36

export function writeTimer(into: Writer, { id, dueMs, topicId, position, size, tagHash }: Timer): void {
  into.uint64(id).uint64(dueMs).uint32(topicId).uint64(position).uint32(size).uint32(tagHash)
}

export function writeTimers(into: Writer, timers: readonly Timer[]): void {
  into.uint32(timers.length)
  for (const timer of timers) writeTimer(into, timer)
}

export function readTimerOf(body: Reader): Timer {
  return {
    id: body.uint64(),
    dueMs: body.uint64() as Millis,
    topicId: body.uint32(),
    position: body.uint64() as LogPosition,
    size: body.uint32(),
    tagHash: body.uint32(),
  }
}

/** Throws `BytesError` when the list is longer than the bytes. */
export function readTimers(body: Reader): Timer[] {
  const count = body.uint32()
  if (count * TIMER_BYTES > body.left) throw new BytesError('a list is longer than its bytes')
  return Array.from({ length: count }, () => readTimerOf(body))
}

/** Throws `BytesError` when what is moved is no message of the timer's size. */
export function readMoveTimers(body: Reader): MoveTimers {
  const items = readTimers(body).map((timer) => {
    const stored = body.take(timer.size)
    const header = readStoredHeader(stored)
    if (header === undefined || header.headerBytes + header.rawLength !== timer.size) {
      throw new BytesError('what is moved up is no message')
    }
    return { timer, stored }
  })
  return { type: 'moveTimers', items }
}
