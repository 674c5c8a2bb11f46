/**
 * Tells the leader which messages were handed to their clients, a while later and many at a time: most are
 * acknowledged by then. Only for messages that the leader renews, which it does from then on.
 */
import type { Clock } from '../base/ports.ts'

const TELL_EVERY_MS = 2_000
/** Told at once when so many wait. */
const HANDLES_MAX = 4_096

export class HandedOver {
  readonly #clock: Clock
  readonly #tell: (handles: readonly string[]) => void
  #handles: string[] = []
  #cancelTimer: (() => void) | null = null

  constructor(clock: Clock, tell: (handles: readonly string[]) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  add(handles: readonly string[]): void {
    this.#handles.push(...handles)
    if (this.#handles.length >= HANDLES_MAX) this.flush()
    else this.#cancelTimer ??= this.#clock.timer(TELL_EVERY_MS, () => this.flush())
  }

  /** Tells what waits. */
  flush(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    const handles = this.#handles
    this.#handles = []
    if (handles.length > 0) this.#tell(handles)
  }
}
