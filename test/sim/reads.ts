/**
 * Judges linearizable reads: the index that a read is given covers everything that was committed anywhere before
 * the read began, which is all that could have been acknowledged, and a little more.
 */
import { assert } from '../../src/base/assert.ts'
import type { Ready } from '../../src/raft/index.ts'

export class ReadChecker {
  #lastId = 0
  /** What was committed when each read began. */
  readonly #floors = new Map<number, number>()

  /** A read begins. Returns its id. */
  begin(committed: number): number {
    const id = ++this.#lastId
    this.#floors.set(id, committed)
    return id
  }

  /** A step ended some reads, each for the only time. */
  ended({ reads, readsRefused }: Ready): void {
    for (const { id, index } of reads) {
      const floor = this.#floors.get(id)
      assert(floor !== undefined, 'a read ends once', { id })
      assert(index >= floor, 'a read covers what was acknowledged before it began', { id, index, floor })
      this.#floors.delete(id)
    }
    for (const id of readsRefused) assert(this.#floors.delete(id), 'a read ends once', { id })
  }
}
