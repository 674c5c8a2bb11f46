/**
 * A simulated disk of one node: an image that survives, and a queue of writes that are under way. A crash
 * loses them, or a part of them: the disk may have done any of them in part without having told.
 */
import { assert } from '../../src/base/assert.ts'
import { logIndex, term, type LogIndex, type Term } from '../../src/base/brand.ts'
import type { Prng } from '../../src/base/prng.ts'
import type { ConfigurationAt, Entry, HardState, SnapshotMark, TermRun, Write } from '../../src/raft/index.ts'

/** One disk: what is on it, and what is on its way to it. */
export class SimDisk {
  hardState: HardState = { term: term(0), votedFor: 0 }
  /** What was acknowledged in terms up to this one may have gone with a damaged tail. */
  doubtTerm: Term | null = null
  /** What the log follows; `null`: it begins with entry 1. */
  base: SnapshotMark | null = null
  /** Where in the log the first entry behind the base begins, in bytes. */
  basePosition = 0
  /** The log on the disk, from the first entry behind the base on. */
  readonly entries: Entry[] = []
  /** A state has taken the place of the log, all at once: so must tables and position. */
  onRestore: (mark: SnapshotMark) => void = () => undefined
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

  get baseIndex(): number {
    return this.base?.index ?? 0
  }

  /** Does the image hold the entry that stands there in this term, or what it led to? */
  holds(index: LogIndex, entryTerm: number): boolean {
    return index <= this.baseIndex || this.termAt(index) === entryTerm
  }

  /** The term at the base or behind it. */
  termAt(index: number): number | undefined {
    return index === this.base?.index ? this.base.term : this.entries[index - this.baseIndex - 1]?.term
  }

  /** The log goes on without the entries up to `base`. */
  forgetTo(base: SnapshotMark): void {
    const gone = this.entries.splice(0, base.index - this.baseIndex)
    for (const { payload } of gone) this.basePosition += payload.size
    this.base = base
  }

  termRuns(): TermRun[] {
    const runs: TermRun[] = []
    for (const entry of this.entries) {
      if (runs.at(-1)?.term !== entry.term) runs.push({ first: entry.index, term: entry.term })
    }
    return runs
  }

  configurations(): ConfigurationAt[] {
    const inLog = this.entries.flatMap(({ index, payload: { configuration } }) =>
      configuration === undefined ? [] : [{ index, configuration }],
    )
    return this.base === null ? inLog : [this.base, ...inLog]
  }

  lastIndex(): LogIndex {
    return logIndex(this.baseIndex + this.entries.length)
  }

  #writeLog(write: Write, count: number): void {
    if (write.restore !== null) {
      this.base = write.restore
      this.entries.length = 0
      this.onRestore(write.restore)
    }
    if (write.truncateFrom !== null) this.entries.length = write.truncateFrom - 1 - this.baseIndex
    for (const entry of write.entries.slice(0, count)) {
      assert(entry.index === this.lastIndex() + 1, 'the disk is written without a gap', {
        index: entry.index,
        last: this.lastIndex(),
      })
      this.entries.push(entry)
    }
  }
}
