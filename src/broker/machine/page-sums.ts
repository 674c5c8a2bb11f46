/** What each page of a queue adds to the digest, so that a page can be deleted without being read. */
import { assert } from '../../base/assert.ts'
import { DigestSum } from './digest.ts'

/** The pages that a queue keeps: from `first` on, without a hole. */
export class PageSums {
  /** What all of them add. */
  readonly total = new DigestSum()
  #first = 0
  #sums: DigestSum[] = []

  /** The number of the oldest page kept; `undefined` without one. */
  get first(): number | undefined {
    return this.#sums.length === 0 ? undefined : this.#first
  }

  /** The next page is there now; the first one may have any number. */
  add(page: number, sum = new DigestSum()): void {
    if (this.#sums.length === 0) this.#first = page
    assert(page === this.#first + this.#sums.length, 'pages have no holes', { page })
    this.#sums.push(sum)
    this.total.move(sum.a, sum.b)
  }

  /** The part of a page in the digest changed. */
  move(page: number, deltaA: number, deltaB: number): void {
    const sum = this.#sums[page - this.#first]
    assert(sum !== undefined, 'a page that changes is kept', { page })
    sum.move(deltaA, deltaB)
    this.total.move(deltaA, deltaB)
  }

  /** Lets the pages before `end` go; returns what they added. */
  dropBelow(end: number): DigestSum {
    const dropped = new DigestSum()
    for (const sum of this.#sums.splice(0, Math.max(0, end - this.#first))) dropped.move(sum.a, sum.b)
    this.#first = Math.max(this.#first, end)
    this.total.move(-dropped.a, -dropped.b)
    return dropped
  }
}
