/**
 * Which term each entry of the log is of, as runs: terms only grow along the log, and a term has many
 * entries, so a few numbers describe a log of any length. Before the runs stands a base, whose term is known and
 * before which everything is forgotten.
 */
import { assert } from '../base/assert.ts'
import { logIndex, type LogIndex, type Term } from '../base/brand.ts'
import type { EntryMark, TermRun } from './types.ts'

/** The runs of one log, in order. Asking takes logarithmic time in the number of terms. */
export class TermRuns {
  #base: EntryMark
  // Rule: both grow strictly, and have the same length. All are after the base.
  #firsts: LogIndex[] = []
  #terms: Term[] = []

  constructor(base: EntryMark, runs: readonly TermRun[]) {
    this.#base = base
    for (const run of runs) this.extend(run.first, run.term)
  }

  get base(): EntryMark {
    return this.#base
  }

  /** The term of the last run; that of the base without one. */
  get lastTerm(): Term {
    return this.#terms.at(-1) ?? this.#base.term
  }

  /** The entry at `index` begins a new run or goes on with the last one. */
  extend(index: LogIndex, entryTerm: Term): void {
    const last = this.lastTerm
    assert(entryTerm >= 1, 'an entry has a term')
    assert(entryTerm >= last, 'terms never shrink along the log', { index, entryTerm, last })
    if (entryTerm === last) return
    assert(index > (this.#firsts.at(-1) ?? this.#base.index), 'runs follow one another', { index })
    this.#firsts.push(index)
    this.#terms.push(entryTerm)
  }

  /** Forgets everything from `index` on. */
  truncateFrom(index: LogIndex): void {
    while (this.#firsts.length > 0 && (this.#firsts.at(-1) ?? 0) >= index) {
      this.#firsts.pop()
      this.#terms.pop()
    }
  }

  /** Forgets everything up to `index`, which becomes the base. */
  forgetTo(index: LogIndex): void {
    assert(index >= this.#base.index, 'the base moves forward', { index })
    this.#base = { index, term: this.termAt(index) }
    const kept = this.#firsts.findIndex((first) => first > index)
    const count = kept === -1 ? this.#firsts.length : kept
    this.#firsts.splice(0, count)
    this.#terms.splice(0, count)
  }

  /** The term at `index`, which is the base or after it. The caller knows that the log reaches `index`. */
  termAt(index: LogIndex): Term {
    assert(index >= this.#base.index, 'the term is not forgotten', { index, base: this.#base.index })
    return this.#terms[this.#runAt(index)] ?? this.#base.term
  }

  /**
   * The largest index from 0 to `index` whose term is at most `limit`. Of what is forgotten no terms are known: an
   * answer before the base says no more than that there is none from the base on.
   */
  lastAtMost(index: LogIndex, limit: Term): LogIndex {
    if (index < this.#base.index) return index
    let last = index
    for (let run = this.#runAt(index); run >= 0; run--) {
      if ((this.#terms[run] ?? 0) <= limit) return last
      last = logIndex((this.#firsts[run] ?? 1) - 1)
    }
    return this.#base.term <= limit ? last : logIndex(this.#base.index - 1)
  }

  /** The number of the run that holds `index`: -1 before all. The last run is the common case. */
  #runAt(index: LogIndex): number {
    let low = 0
    let high = this.#firsts.length
    if (high > 0 && index >= (this.#firsts[high - 1] ?? 0)) return high - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#firsts[middle] ?? 0) <= index) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
