/**
 * What the disk has confirmed. The disk is a peer: writes go out in order, completions come back later, and
 * meanwhile the log may be cut and written again. So a write remembers the last index that its completion
 * will confirm, and a later cut lowers it: a late completion never confirms a rewritten index, not even when
 * the new entry there has the old one's index and term, since the disk has yet to cut and write it again.
 */
import { assert } from '../base/assert.ts'
import type { LogIndex, Term } from '../base/brand.ts'

interface PendingWrite {
  readonly id: number
  /** The version of the hard state that is durable once this write is. */
  readonly hardVersion: number
  readonly issuedTick: number
  /** The last entry that the completion confirms, and its term. */
  confirms: LogIndex
  confirmsTerm: Term
}

/** The completions of one disk, and what they confirm. */
export class Durability {
  // Rule: ids grow; `confirms` never shrinks along the list.
  readonly #pending: PendingWrite[] = []
  #durableIndex: LogIndex
  #hardVersion: number
  #issuedId = 0

  /** Everything up to `durableIndex` and the hard state of version `hardVersion` is durable at the start. */
  constructor(durableIndex: LogIndex, hardVersion: number) {
    this.#durableIndex = durableIndex
    this.#hardVersion = hardVersion
  }

  /** Every entry up to here is on the disk, and no write under way removes it. */
  get durableIndex(): LogIndex {
    return this.#durableIndex
  }

  /** The version of the newest hard state that is on the disk. */
  get hardVersion(): number {
    return this.#hardVersion
  }

  /** The id for the next write. */
  get nextId(): number {
    return this.#issuedId + 1
  }

  /** The tick at which the oldest write under way was issued; `undefined` when the disk is idle. */
  get oldestTick(): number | undefined {
    return this.#pending[0]?.issuedTick
  }

  /** A write went out, after which the log ends at (`lastIndex`, `lastTerm`). */
  issue(id: number, lastIndex: LogIndex, lastTerm: Term, hardVersion: number, tick: number): void {
    assert(id === this.nextId, 'writes are numbered without a gap', { id })
    assert(hardVersion >= this.#hardVersion, 'hard states are written in order')
    this.#issuedId = id
    this.#pending.push({ id, hardVersion, issuedTick: tick, confirms: lastIndex, confirmsTerm: lastTerm })
  }

  /** The log was cut and ends at (`lastIndex`, `lastTerm`) now. Nothing after it counts as durable any more. */
  cut(lastIndex: LogIndex, lastTerm: Term): void {
    if (this.#durableIndex > lastIndex) this.#durableIndex = lastIndex
    for (const write of this.#pending) {
      if (write.confirms <= lastIndex) continue
      write.confirms = lastIndex
      write.confirmsTerm = lastTerm
    }
  }

  /**
   * Everything after `floor` is to be replaced by another state. Writes under way confirm no more of the log; the
   * next one to be issued will confirm the state.
   */
  restore(floor: LogIndex): void {
    assert(floor <= this.#durableIndex, 'what counts stays durable', { floor })
    this.#durableIndex = floor
    for (const write of this.#pending) write.confirms = floor
  }

  /**
   * The write `id` and all before it are done. `termAt` is asked for the term at the confirmed index, which
   * must be the one that was written. A completion that was heard before changes nothing.
   */
  complete(id: number, termAt: (index: LogIndex) => Term): void {
    assert(id <= this.#issuedId, 'only an issued write completes', { id, issued: this.#issuedId })
    while (this.#pending.length > 0) {
      const write = this.#pending[0]
      if (write === undefined || write.id > id) return
      assert(write.confirms >= this.#durableIndex, 'the durable index grows by completions', { id })
      if (write.confirms > this.#durableIndex) {
        const isSame = termAt(write.confirms) === write.confirmsTerm
        assert(isSame, 'what is confirmed was not rewritten', { id })
        this.#durableIndex = write.confirms
      }
      this.#hardVersion = write.hardVersion
      this.#pending.shift()
    }
  }
}
