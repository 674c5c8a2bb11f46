/**
 * Which term each entry of the log is of, as runs: terms only grow along the log, and a term has many
 * entries, so a few numbers describe a log of any length.
 */
import { assert } from '../base/assert.ts'
import { logIndex, term, type LogIndex, type Term } from '../base/brand.ts'
import type { TermRun } from './types.ts'

/** The runs of one log, in order. Asking takes logarithmic time in the number of terms. */
export class TermRuns {
  // Rule: both grow strictly, and have the same length.
  readonly #firsts: LogIndex[] = []
  readonly #terms: Term[] = []

  constructor(runs: readonly TermRun[]) {
    for (const run of runs) this.extend(run.first, run.term)
  }

  /** The term of the last run; 0 without one. */
  get lastTerm(): Term {
    return this.#terms.at(-1) ?? term(0)
  }

  /** The entry at `index` begins a new run or goes on with the last one. */
  extend(index: LogIndex, entryTerm: Term): void {
    const last = this.lastTerm
    assert(entryTerm >= 1, 'an entry has a term')
    assert(entryTerm >= last, 'terms never shrink along the log', { index, entryTerm, last })
    if (entryTerm === last) return
    assert(index > (this.#firsts.at(-1) ?? 0), 'runs follow one another', { index })
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

  /** The term at `index`, 0 before the first run. The caller knows that the log reaches `index`. */
  termAt(index: LogIndex): Term {
    return this.#terms[this.#runAt(index)] ?? term(0)
  }

  /** The largest index from 0 to `index` whose term is at most `limit`; 0 is of term 0. */
  lastAtMost(index: LogIndex, limit: Term): LogIndex {
    let last = index
    for (let run = this.#runAt(index); run >= 0; run--) {
      if ((this.#terms[run] ?? 0) <= limit) break
      last = logIndex((this.#firsts[run] ?? 1) - 1)
    }
    return last
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
