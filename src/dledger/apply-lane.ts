/**
 * Feeds committed entries to the machine, in order, each once. The only caller of `StateMachine.apply`.
 * Entries whose bytes are in memory are applied at once, in slices, so that a long backlog never blocks the
 * loop; others are read from the disk first.
 */
import { assert } from '../base/assert.ts'
import type { LogIndex, LogPosition } from '../base/brand.ts'
import type { Clock } from '../base/ports.ts'
import type { StateMachine } from '../base/state-machine.ts'

/** The lane gives the loop back after this long. */
const SLICE_MS = 8

/** The body of an entry and where its first byte stands in the log. */
export interface EntryBody {
  readonly position: LogPosition
  readonly body: Uint8Array
}

/** Where the lane gets entries from. */
export interface EntrySource {
  cachedBody(index: LogIndex): EntryBody | undefined
  readBody(index: LogIndex): Promise<EntryBody>
}

export interface ApplyLaneEvents<Reply> {
  applied(index: LogIndex, replies: readonly Reply[]): void
  /** A slice of entries was applied. */
  sliceDone(): void
  failed(error: unknown): void
}

export class ApplyLane<Reply> {
  readonly #machine: StateMachine<Reply>
  readonly #source: EntrySource
  readonly #clock: Clock
  readonly #schedule: (run: () => void) => void
  readonly #events: ApplyLaneEvents<Reply>
  #target: LogIndex
  /** A read or a later slice will go on by itself. */
  #waiting = false
  #stopped = false

  constructor(
    machine: StateMachine<Reply>,
    source: EntrySource,
    clock: Clock,
    schedule: (run: () => void) => void,
    events: ApplyLaneEvents<Reply>,
  ) {
    this.#machine = machine
    this.#source = source
    this.#clock = clock
    this.#schedule = schedule
    this.#events = events
    this.#target = machine.appliedIndex
  }

  /** Entries up to `index` are committed and durable here. */
  advanceTo(index: LogIndex): void {
    assert(index >= this.#target, 'what may be applied never shrinks', { index, target: this.#target })
    this.#target = index
    if (!this.#waiting && this.#machine.appliedIndex < index) this.#slice()
  }

  /** Applies nothing more. */
  stop(): void {
    this.#stopped = true
  }

  #slice(): void {
    if (this.#stopped) return
    const end = this.#clock.mono() + SLICE_MS
    try {
      while (this.#machine.appliedIndex < this.#target) {
        const index = (this.#machine.appliedIndex + 1) as LogIndex
        const entry = this.#source.cachedBody(index)
        if (entry === undefined) {
          this.#waiting = true
          void this.#load(index)
          break
        }
        this.#apply(index, entry)
        if (this.#clock.mono() > end) {
          this.#later()
          break
        }
      }
    } catch (error) {
      this.#fail(error)
    }
    this.#events.sliceDone()
  }

  #later(): void {
    if (this.#machine.appliedIndex >= this.#target) return
    this.#waiting = true
    this.#schedule(() => {
      this.#waiting = false
      this.#slice()
    })
  }

  async #load(index: LogIndex): Promise<void> {
    try {
      const entry = await this.#source.readBody(index)
      this.#waiting = false
      if (this.#stopped) return
      this.#apply(index, entry)
      this.#slice()
    } catch (error) {
      this.#fail(error)
    }
  }

  #apply(index: LogIndex, entry: EntryBody): void {
    const replies = this.#machine.apply({ index, position: entry.position }, entry.body)
    assert(this.#machine.appliedIndex === index, 'each entry is applied once', { index })
    this.#events.applied(index, replies)
  }

  #fail(error: unknown): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#events.failed(error)
  }
}
