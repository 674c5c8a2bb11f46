/**
 * Compares this member's clock with those of the others, again and again, and knows the time that a majority tells.
 * The others' readings are kept against the monotonic clock, so that a jump of this member's own clock shows as what it
 * is and moves nothing.
 */
import type { Millis, NodeId } from '../base/brand.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { agreedReading, CLOCKS_AGREE_MS } from './agreed-time.ts'

const ASK_EVERY_MS = 5_000
/** A reading that is older tells nothing any more. */
const READING_MS_MAX = 30_000
const LOOK_EVERY_MS = 50
/** An answer that took longer is too vague. */
const ROUND_TRIP_MS_MAX = 1_000

/** The other members' clocks. */
export interface PeerClocks {
  /** Who is in the group beside this member, as it is now. */
  peers(): readonly NodeId[]
  /** Reads the clock of a member. Rejects when it does not answer. */
  ask(peer: NodeId): Promise<Millis>
}

export interface ClockState {
  /** A majority of the group's clocks agrees. */
  readonly agreed: boolean
  /** This member's clock minus the majority's time; 0 when none agrees. */
  readonly offsetMs: number
  /** This member's clock is not followed. */
  readonly isOff: boolean
}

interface Reading {
  /** The peer's time minus this member's monotonic clock. */
  readonly base: number
  readonly at: number
}

export class ClockWatch {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #clocks: PeerClocks
  readonly #readings = new Map<NodeId, Reading>()
  #cancelTimer: () => void = () => undefined
  /** What was found when it was looked last: the majority's time minus the monotonic clock. */
  #base: number | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  #running = false
  #wasOff = false

  constructor(clocks: PeerClocks, clock: Clock, logger: Logger) {
    this.#clocks = clocks
    this.#clock = clock
    this.#logger = logger
  }

  /** Begins to ask. */
  start(): void {
    this.#running = true
    void this.#round()
  }

  stop(): void {
    this.#running = false
    this.#cancelTimer()
  }

  /** Asks all members once. Resolves when each answered or failed. */
  async measure(): Promise<void> {
    await Promise.all(this.#clocks.peers().map((peer) => this.#ask(peer)))
    this.#lookedAt = Number.NEGATIVE_INFINITY
  }

  /** The time that a majority tells now; `undefined` while none agrees. Looked at again every few milliseconds. */
  now(): number | undefined {
    const mono = this.#clock.mono()
    if (mono - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#lookedAt = mono
      this.#base = this.#look(mono)
    }
    return this.#base === undefined ? undefined : this.#base + mono
  }

  #look(mono: number): number | undefined {
    const peers = this.#clocks.peers()
    const bases: number[] = [this.#clock.wall() - mono]
    for (const peer of peers) {
      const reading = this.#readings.get(peer)
      if (reading !== undefined && mono - reading.at <= READING_MS_MAX) bases.push(reading.base)
    }
    const quorum = Math.floor((peers.length + 1) / 2) + 1
    return agreedReading(bases, quorum)
  }

  get state(): ClockState {
    const agreed = this.now()
    if (agreed === undefined) return { agreed: false, offsetMs: 0, isOff: false }
    const offsetMs = Math.round(this.#clock.wall() - agreed)
    return { agreed: true, offsetMs, isOff: Math.abs(offsetMs) > CLOCKS_AGREE_MS }
  }

  async #round(): Promise<void> {
    await this.measure()
    if (!this.#running) return
    const { isOff, offsetMs } = this.state
    if (isOff && !this.#wasOff) this.#logger.warn({ offsetMs }, 'clock differs from the majority')
    if (!isOff && this.#wasOff) this.#logger.info({ offsetMs }, 'clock agrees with the majority again')
    this.#wasOff = isOff
    this.#cancelTimer = this.#clock.timer(ASK_EVERY_MS, () => void this.#round())
  }

  async #ask(peer: NodeId): Promise<void> {
    const asked = this.#clock.mono()
    let wall: Millis
    try {
      wall = await this.#clocks.ask(peer)
    } catch {
      // A member that does not answer has no say until its last reading is too old.
      return
    }
    const answered = this.#clock.mono()
    if (answered - asked > ROUND_TRIP_MS_MAX) return
    this.#readings.set(peer, { base: wall - (asked + answered) / 2, at: answered })
  }
}
