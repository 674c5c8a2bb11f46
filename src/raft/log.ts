/**
 * What the core knows of the log: its length, the term and the record size of each entry. No bytes. The
 * first entry has index 1; before it stands a made-up entry 0 of term 0, which every log agrees on.
 */
import { assert } from '../base/assert.ts'
import { logIndex, type LogIndex, type Term } from '../base/brand.ts'
import { RecordSizes } from './record-sizes.ts'
import { TermRuns } from './term-runs.ts'
import type { Entry, TermRun } from './types.ts'

/** A run of entries that goes into one append: up to `last`, both ends included. */
export interface Batch {
  readonly last: LogIndex
  readonly count: number
  readonly bytes: number
}

/** What recovery found on the disk. */
export interface RecoveredLog {
  readonly lastIndex: LogIndex
  readonly termRuns: readonly TermRun[]
  readonly sizeOf: (index: LogIndex) => number
}

/** The log without its bytes. Indexes count entries from 1, sizes are bytes. */
export class Log {
  readonly #runs: TermRuns
  readonly #sizes = new RecordSizes()
  #lastIndex: LogIndex

  constructor(recovered: RecoveredLog) {
    const { lastIndex, termRuns } = recovered
    assert((termRuns[0]?.first ?? 0) === Math.min(1, lastIndex), 'the first run begins the log')
    assert((termRuns.at(-1)?.first ?? 0) <= lastIndex, 'the last run is inside the log')
    this.#runs = new TermRuns(termRuns)
    this.#lastIndex = lastIndex
    for (let index = 1; index <= lastIndex; index++) this.#sizes.push(recovered.sizeOf(logIndex(index)))
  }

  get lastIndex(): LogIndex {
    return this.#lastIndex
  }

  get lastTerm(): Term {
    return this.#runs.lastTerm
  }

  /** The term of an entry that the log holds, or of entry 0. */
  termAt(index: LogIndex): Term {
    assert(index <= this.#lastIndex, 'the log reaches the index', { index, last: this.#lastIndex })
    return this.#runs.termAt(index)
  }

  /** Does the log hold an entry at `index`, and is it of this term? (thesis 3.5, consistency check) */
  matches(index: LogIndex, entryTerm: Term): boolean {
    return index <= this.#lastIndex && this.#runs.termAt(index) === entryTerm
  }

  /** Is a log that ends so at least as complete as this one? (thesis 3.6.1) */
  isUpToDate(lastIndex: LogIndex, lastTerm: Term): boolean {
    if (lastTerm !== this.lastTerm) return lastTerm > this.lastTerm
    return lastIndex >= this.#lastIndex
  }

  /** The largest index from 0 to `index` whose term is at most `limit`. Never beyond the end of the log. */
  lastAtMost(index: LogIndex, limit: Term): LogIndex {
    return this.#runs.lastAtMost(index < this.#lastIndex ? index : this.#lastIndex, limit)
  }

  append(entry: Entry): void {
    assert(entry.index === this.#lastIndex + 1, 'entries follow without a gap', { index: entry.index })
    this.#runs.extend(entry.index, entry.term)
    this.#sizes.push(entry.payload.size)
    this.#lastIndex = entry.index
  }

  /** Removes the entry at `index` and all after it. */
  truncateFrom(index: LogIndex): void {
    assert(index >= 1 && index <= this.#lastIndex, 'a cut removes something', { index })
    this.#runs.truncateFrom(index)
    this.#sizes.truncate(index - 1)
    this.#lastIndex = logIndex(index - 1)
  }

  /** The longest run from `first` on within both limits. One entry always fits. */
  batch(first: LogIndex, entriesMax: number, bytesMax: number): Batch {
    assert(first >= 1 && first <= this.#lastIndex, 'a batch holds an entry', { first })
    const end = Math.min(this.#lastIndex, first + entriesMax - 1)
    let last: number = first
    let bytes = this.#sizes.at(first - 1)
    while (last < end) {
      const size = this.#sizes.at(last)
      if (bytes + size > bytesMax) break
      bytes += size
      last++
    }
    return { last: logIndex(last), count: last - first + 1, bytes }
  }
}
