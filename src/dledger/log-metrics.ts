/** What the replicated log counts and times, in milliseconds. Filled by the loop, once an entry or a write. */
import type { LogIndex } from '../base/brand.ts'
import { Counter, Histogram } from '../base/metrics.ts'
import type { RoleChange } from '../raft/types.ts'

/** From a fast disk's sync to a stalled one's. */
const LATENCY_BOUNDS_MS = [0.25, 0.5, 1, 2, 3, 5, 7, 10, 20, 50, 100, 200, 500, 1000, 3000]
/** Entries on their way that are timed; beyond it some are not. */
const TIMED_MAX = 4096

/** An entry of this leader on its way. */
interface Timed {
  readonly index: LogIndex
  readonly madeMono: number
  committedMono: number
}

export class LogMetrics {
  /** An entry, from the turn that made it to its commands' answers. */
  readonly appendMs = new Histogram(LATENCY_BOUNDS_MS)
  /** One write and its fdatasync. */
  readonly syncMs = new Histogram(LATENCY_BOUNDS_MS)
  /** An entry, from the turn that made it until a majority had it on disk. */
  readonly quorumMs = new Histogram(LATENCY_BOUNDS_MS)
  /** An entry, from being committed to being applied here. */
  readonly applyMs = new Histogram(LATENCY_BOUNDS_MS)
  readonly entriesMade = new Counter()
  readonly bytesWritten = new Counter()
  /** Elections that this member began, and those that it won. */
  readonly electionsBegun = new Counter()
  readonly electionsWon = new Counter()
  /** How often this member saw another leader than before. */
  readonly leaderChanges = new Counter()
  /** Commands that were refused because too much waited, or this member did not lead. */
  readonly refusedBusy = new Counter()
  readonly refusedNotLeader = new Counter()
  /** Oldest first: committed ones, then those that are not. */
  #timed: Timed[] = []
  #committed = 0
  #lastLeader = 0

  made(index: LogIndex, mono: number): void {
    this.entriesMade.add()
    if (this.#timed.length < TIMED_MAX) this.#timed.push({ index, madeMono: mono, committedMono: mono })
  }

  committedTo(index: LogIndex, mono: number): void {
    for (let next = this.#timed[this.#committed]; next !== undefined && next.index <= index; ) {
      next.committedMono = mono
      this.quorumMs.observe(mono - next.madeMono)
      next = this.#timed[++this.#committed]
    }
  }

  appliedTo(index: LogIndex, mono: number): void {
    let done = 0
    for (; done < this.#committed; done++) {
      const entry = this.#timed[done] as Timed
      if (entry.index > index) break
      this.applyMs.observe(mono - entry.committedMono)
      this.appendMs.observe(mono - entry.madeMono)
    }
    if (done === 0) return
    this.#timed.splice(0, done)
    this.#committed -= done
  }

  roleChanged(change: RoleChange): void {
    if (change.role === 'candidate') this.electionsBegun.add()
    if (change.role === 'leader') this.electionsWon.add()
    if (change.role !== 'leader') {
      this.#timed = []
      this.#committed = 0
    }
    if (change.leader === 0 || change.leader === this.#lastLeader) return
    this.#lastLeader = change.leader
    this.leaderChanges.add()
  }
}
