/**
 * When claims become visible, over all queues. Kept for the view only: what commands do never depends on
 * it, so it may be lazy.
 */
import type { Millis } from '../../base/brand.ts'
import { ClaimHeap } from './claim-heap.ts'
import type { Claim } from './consumer.ts'
import type { TopicId } from './commands.ts'

/** Finds the next deadline in the time that it takes to look at what is due. */
export class Deadlines {
  /** Claims visible after `#askedAfter`, and those not looked at since. */
  #later = new ClaimHeap<Claim>()
  /** Claims visible at or before `#askedAfter` that log time has not reached. */
  #due = new ClaimHeap<Claim>()
  #askedAfter = 0

  push(claim: Claim): void {
    this.#later.push(claim)
  }

  /** Log time is now `now`: forgets claims that are visible, and adds their topics to `arrived`. */
  pass(now: Millis, arrived: Set<TopicId>): void {
    passed(this.#due, now, arrived)
    passed(this.#later, now, arrived)
  }

  /** The earliest deadline after `after`, which is not before log time. */
  next(after: Millis): Millis | undefined {
    if (after < this.#askedAfter) this.#askAgain()
    this.#askedAfter = after
    for (;;) {
      const claim = this.#later.peek()
      if (claim === undefined || claim.visibleAt > after) return claim?.visibleAt
      this.#later.pop()
      this.#due.push(claim)
    }
  }

  /** Somebody asks for an earlier time than before, which a clock set back may cause. */
  #askAgain(): void {
    for (;;) {
      const claim = this.#due.pop()
      if (claim === undefined) return
      this.#later.push(claim)
    }
  }

  /** Whether the claim's deadline will be found: for checks only. */
  has(claim: Claim): boolean {
    return this.#later.has(claim) || this.#due.has(claim)
  }
}

function passed(heap: ClaimHeap<Claim>, now: Millis, arrived: Set<TopicId>): void {
  for (;;) {
    const claim = heap.peek()
    if (claim === undefined || claim.visibleAt > now) return
    heap.pop()
    arrived.add(claim.consumer.queue.topicId)
  }
}
