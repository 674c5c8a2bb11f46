/**
 * Callers on the leader that wait until something arrives in a topic: pulls. Nothing polls; a waiter is woken by
 * the entry that brings the message.
 */
import { BrokerError } from '../base/errors.ts'
import { RECEIVERS_PARKED_MAX } from '../base/limits.ts'
import type { Clock } from '../base/ports.ts'
import type { TopicId } from './machine/commands.ts'

interface Waiter {
  wake(): void
  fail(error: BrokerError): void
}

export class Arrivals {
  readonly #clock: Clock
  readonly #waiting = new Map<TopicId, Set<Waiter>>()
  #parked = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Callers that wait now. */
  get parked(): number {
    return this.#parked
  }

  /**
   * Resolves when something arrives in the topic, when the monotonic time comes, or when the signal aborts.
   * Throws BUSY when too many wait, and NOT_LEADER, outcome none, when this member leads no more.
   */
  wait(topicId: TopicId, untilMono: number, signal: AbortSignal): Promise<void> {
    if (this.#parked >= RECEIVERS_PARKED_MAX) {
      return Promise.reject(new BrokerError('BUSY', 'too many callers are waiting'))
    }
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#parked--
        cancelTimer()
        signal.removeEventListener('abort', wake)
        this.#remove(topicId, waiter)
      }
      const wake = (): void => {
        leave()
        resolve()
      }
      const fail = (error: BrokerError): void => {
        leave()
        reject(error)
      }
      const waiter: Waiter = { wake, fail }
      this.#add(topicId, waiter)
      this.#parked++
      const cancelTimer = this.#clock.timer(Math.max(0, untilMono - this.#clock.mono()), wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  /** Messages arrived in these topics. */
  arrived(topicIds: ReadonlySet<TopicId>): void {
    for (const topicId of topicIds) for (const waiter of this.#of(topicId)) waiter.wake()
  }

  /** This member leads no more: everyone who waits hears so and asks the new leader. */
  leadershipLost(): void {
    const error = new BrokerError('NOT_LEADER', 'this member does not lead')
    for (const topicId of this.#waiting.keys()) for (const waiter of this.#of(topicId)) waiter.fail(error)
  }

  /** A copy: waiters leave while they are woken. */
  #of(topicId: TopicId): readonly Waiter[] {
    return [...(this.#waiting.get(topicId) ?? [])]
  }

  #add(topicId: TopicId, waiter: Waiter): void {
    const waiting = this.#waiting.get(topicId)
    if (waiting === undefined) this.#waiting.set(topicId, new Set([waiter]))
    else waiting.add(waiter)
  }

  #remove(topicId: TopicId, waiter: Waiter): void {
    const waiting = this.#waiting.get(topicId)
    waiting?.delete(waiter)
    if (waiting?.size === 0) this.#waiting.delete(topicId)
  }
}
