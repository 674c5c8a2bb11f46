/**
 * A simulated disk of one node: an image that survives, and a queue of writes that are under way. A crash
 * loses them, or a part of them: the disk may have done any of them in part without having told.
 */
import { assert } from '../../src/base/assert.ts'
import { logIndex, term, type LogIndex, type Term } from '../../src/base/brand.ts'
import type { Prng } from '../../src/base/prng.ts'
import type { ConfigurationAt, Entry, HardState, TermRun, Write } from '../../src/raft/index.ts'

/** One disk: what is on it, and what is on its way to it. */
export class SimDisk {
  hardState: HardState = { term: term(0), votedFor: 0 }
  /** What was acknowledged in terms up to this one may have gone with a damaged tail. */
  doubtTerm: Term | null = null
  /** The log on the disk. The entry of index i stands at i - 1. */
  readonly entries: Entry[] = []
  readonly #pending: Write[] = []
  /** Durable entries that were damaged, by `index/term`. */
  readonly #damaged = new Set<string>()

  get pendingCount(): number {
    return this.#pending.length
  }

  enqueue(write: Write): void {
    this.#pending.push(write)
  }

  /** Finishes the oldest write and returns its id. */
  completeNext(): number {
    const write = this.#pending.shift()
    assert(write !== undefined, 'a write is under way')
    if (write.hardState !== null) this.hardState = write.hardState
    this.#writeLog(write, write.entries.length)
    return write.id
  }

  /**
   * Power goes. Of the writes under way, a run from the front may have reached the log, the last one of it in
   * part; term and vote of the same run or of a later write may have reached their place, never of an earlier
   * one, since each write puts them down first. `prng` null: nothing of them arrived.
   */
  crash(prng: Prng | null): void {
    const pending = this.#pending.splice(0)
    if (prng === null) return
    const done = prng.below(pending.length + 1)
    const hardDone = prng.below(pending.length + 1, done)
    pending.forEach((write, at) => {
      if (at < hardDone && write.hardState !== null) this.hardState = write.hardState
      if (at < done) this.#writeLog(write, write.entries.length)
    })
    const torn = pending[done]
    if (torn === undefined || hardDone === done || prng.chance(0.3)) return
    this.#writeLog(torn, prng.below(torn.entries.length + 1))
  }

  /**
   * The tail is found damaged at the start: by a torn write, or by rot of what was durable, and nothing tells
   * which. The last `count` entries are gone.
   */
  damageTail(count: number): void {
    for (const entry of this.entries.splice(this.entries.length - count)) {
      this.#damaged.add(`${entry.index}/${entry.term}`)
    }
    this.doubtTerm = this.hardState.term
  }

  /** Was the entry durable here, even if it has rotted since? */
  held(index: LogIndex, entryTerm: number): boolean {
    return this.holds(index, entryTerm) || this.#damaged.has(`${index}/${entryTerm}`)
  }

  /** Does the image hold the entry that stands there in this term? */
  holds(index: LogIndex, entryTerm: number): boolean {
    return this.entries[index - 1]?.term === entryTerm
  }

  termRuns(): TermRun[] {
    const runs: TermRun[] = []
    for (const entry of this.entries) {
      if (runs.at(-1)?.term !== entry.term) runs.push({ first: entry.index, term: entry.term })
    }
    return runs
  }

  configurations(): ConfigurationAt[] {
    return this.entries.flatMap(({ index, payload: { configuration } }) =>
      configuration === undefined ? [] : [{ index, configuration }],
    )
  }

  lastIndex(): LogIndex {
    return logIndex(this.entries.length)
  }

  #writeLog(write: Write, count: number): void {
    if (write.truncateFrom !== null) this.entries.length = write.truncateFrom - 1
    for (const entry of write.entries.slice(0, count)) {
      assert(entry.index === this.entries.length + 1, 'the disk is written without a gap', {
        index: entry.index,
        length: this.entries.length,
      })
      this.entries.push(entry)
    }
  }
}
