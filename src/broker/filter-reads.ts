/**
 * What filters that read messages do in one planner: messages that are in memory are asked about, others are named
 * to be fetched, with those behind them, and after so many reads the planner claims what it has.
 */
import type { QueueOffset } from '../base/brand.ts'
import type { Pointer, QueueNumber } from './machine/commands.ts'
import type { MachineView } from './machine/view.ts'
import type { MessageFilter } from './message-filter.ts'

/** Messages that the filters of one planner read before it claims what it has: some milliseconds of work. */
const READ_MAX = 1024
/** Messages of a queue that are fetched together for a filter that reads them, and their bytes. */
const AHEAD_MAX = 256
const AHEAD_BYTES_MAX = 1024 * 1024

/** A pointer that is not in memory, or a message that is not, whose pointer is. */
export interface Missing {
  readonly queue: QueueNumber
  readonly offset: QueueOffset
  readonly pointer: Pointer | undefined
}

export type PointerLookup = (queue: QueueNumber, offset: QueueOffset) => Pointer | undefined
/** The stored message, if it is in memory. */
export type MessageLookup = (pointer: Pointer) => Uint8Array | undefined

export class FilterReads {
  readonly #view: MachineView
  readonly #pointer: PointerLookup
  readonly #stored: MessageLookup
  #left = READ_MAX

  constructor(view: MachineView, pointer: PointerLookup, stored: MessageLookup) {
    this.#view = view
    this.#pointer = pointer
    this.#stored = stored
  }

  /** `undefined` when that is not known yet: it is in `missing` now, or enough was read at once. */
  matches(
    filter: MessageFilter,
    queue: QueueNumber,
    offset: QueueOffset,
    pointer: Pointer,
    missing: Missing[],
  ): boolean | undefined {
    if (!filter.mayMatch(pointer.tagHash)) return false
    if (!filter.readsMessage) return true
    if (this.#left === 0) return undefined
    const stored = this.#stored(pointer)
    if (stored === undefined) {
      this.#fetchFrom(queue, offset, pointer, missing)
      return undefined
    }
    this.#left--
    return filter.matches(stored)
  }

  /** Names the message and those after it that the filter will ask for next. */
  #fetchFrom(queue: QueueNumber, first: QueueOffset, pointer: Pointer, missing: Missing[]): void {
    const end = Math.min(this.#view.queue(queue)?.nextOffset ?? 0, first + AHEAD_MAX)
    let next: Pointer | undefined = pointer
    let bytes = 0
    for (let offset = first; offset < end && next !== undefined; offset++) {
      bytes += next.size
      if (offset > first && bytes > AHEAD_BYTES_MAX) break
      missing.push({ queue, offset, pointer: next })
      next = this.#pointer(queue, (offset + 1) as QueueOffset)
    }
  }
}
