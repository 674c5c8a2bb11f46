/**
 * What the core knows of the log: its length, the term and the record size of each entry. No bytes. The
 * first entry has index 1; before it stands a made-up entry 0 of term 0, which every log agrees on. A log may have
 * forgotten its beginning: then its base, an entry of which index and term are known, stands before the rest.
 */
import { assert } from '../base/assert.ts'
import { logIndex, term, type LogIndex, type Term } from '../base/brand.ts'
import { RecordSizes } from './record-sizes.ts'
import { TermRuns } from './term-runs.ts'
import type { Entry, EntryMark, TermRun } from './types.ts'

/** A run of entries that goes into one append: up to `last`, both ends included. */
export interface Batch {
  readonly last: LogIndex
  readonly count: number
  readonly bytes: number
}

/** What recovery found on the disk. */
export interface RecoveredLog {
  readonly base?: EntryMark
  readonly lastIndex: LogIndex
  readonly termRuns: readonly TermRun[]
  readonly sizeOf: (index: LogIndex) => number
}

/** The base of a log that has forgotten nothing. */
const LOG_START: EntryMark = { index: logIndex(0), term: term(0) }

/** The log without its bytes. Indexes count entries from 1, sizes are bytes. */
export class Log {
  #runs: TermRuns
  #sizes: RecordSizes
  #lastIndex: LogIndex

  constructor(recovered: RecoveredLog) {
    const { base = LOG_START, lastIndex, termRuns } = recovered
    const firstIndex = base.index + 1
    assert(lastIndex >= base.index, 'a log ends at its base or after it')
    const begins = lastIndex === base.index ? termRuns.length === 0 : termRuns[0]?.first === firstIndex
    assert(begins, 'the first run begins the log')
    assert((termRuns.at(-1)?.first ?? 0) <= lastIndex, 'the last run is inside the log')
    this.#runs = new TermRuns(base, termRuns)
    this.#sizes = new RecordSizes(base.index)
    this.#lastIndex = lastIndex
    for (let index = firstIndex; index <= lastIndex; index++)
      this.#sizes.push(recovered.sizeOf(logIndex(index)))
  }

  /** The log holds what follows its base. */
  get base(): EntryMark {
    return this.#runs.base
  }

  get lastIndex(): LogIndex {
    return this.#lastIndex
  }

  get lastTerm(): Term {
    return this.#runs.lastTerm
  }

  /** The term of an entry that the log holds, or of its base. */
  termAt(index: LogIndex): Term {
    assert(index <= this.#lastIndex, 'the log reaches the index', { index, last: this.#lastIndex })
    return this.#runs.termAt(index)
  }

  /**
   * Does the log hold an entry at `index`, and is it of this term? (thesis 3.5, consistency check) What is forgotten
   * was committed, so every leader has the same there.
   */
  matches(index: LogIndex, entryTerm: Term): boolean {
    if (index < this.base.index) return true
    return index <= this.#lastIndex && this.#runs.termAt(index) === entryTerm
  }

  /** Is a log that ends so at least as complete as this one? (thesis 3.6.1) */
  isUpToDate(lastIndex: LogIndex, lastTerm: Term): boolean {
    if (lastTerm !== this.lastTerm) return lastTerm > this.lastTerm
    return lastIndex >= this.#lastIndex
  }

  /** As `TermRuns.lastAtMost`, and never beyond the end of the log. */
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
    assert(index > this.base.index && index <= this.#lastIndex, 'a cut removes something', { index })
    this.#runs.truncateFrom(index)
    this.#sizes.truncate(index - 1)
    this.#lastIndex = logIndex(index - 1)
  }

  /** Forgets the entry at `index` and all before it. */
  forgetTo(index: LogIndex): void {
    assert(index <= this.#lastIndex, 'what is forgotten was held', { index })
    this.#runs.forgetTo(index)
    this.#sizes.forgetTo(index)
  }

  /** Forgets everything: an empty log goes on after `base`. */
  reset(base: EntryMark): void {
    this.#runs = new TermRuns(base, [])
    this.#sizes = new RecordSizes(base.index)
    this.#lastIndex = base.index
  }

  /** The longest run from `first` on within both limits. One entry always fits. */
  batch(first: LogIndex, entriesMax: number, bytesMax: number): Batch {
    assert(first > this.base.index && first <= this.#lastIndex, 'a batch holds an entry', { first })
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
