/** The simulated network: decides when, how often and whether a packet arrives. */
import type { NodeId } from '../../src/base/brand.ts'
import type { Prng } from '../../src/base/prng.ts'
import type { Settings } from './settings.ts'
import type { Tally } from './tally.ts'

/** The fate of every packet, drawn from the seed. */
export class Network {
  readonly #prng: Prng
  readonly #settings: Settings
  readonly #tally: Tally
  /** `from * 64 + to` of the pairs that nothing gets through. */
  readonly #cut = new Set<number>()
  /** When the last packet of a pair arrives: without reordering nothing overtakes it. */
  readonly #lastArrival = new Map<number, number>()
  /** Loss, duplicates and long delays happen only in bad weather. */
  stormy = false

  constructor(prng: Prng, settings: Settings, tally: Tally) {
    this.#prng = prng
    this.#tally = tally
    this.#settings = settings
  }

  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(pairKey(from, to))
  }

  heal(): void {
    this.#cut.clear()
  }

  /** Does everything get through in good time? */
  get isWhole(): boolean {
    return !this.stormy && this.#cut.size === 0
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.#cut.has(pairKey(from, to))
  }

  /** The times at which a packet sent now arrives: none when it is lost, two when it is doubled. */
  arrivals(from: NodeId, to: NodeId, now: number): readonly number[] {
    const { faults } = this.#settings
    const prng = this.#prng
    if (this.isCut(from, to)) return []
    if (this.stormy && faults.has('loss') && prng.chance(0.1)) {
      this.#tally.add('fault: message lost')
      return []
    }
    const times = [this.#arrival(from, to, now)]
    if (this.stormy && faults.has('duplicates') && prng.chance(0.1)) {
      this.#tally.add('fault: message doubled')
      times.push(this.#arrival(from, to, now))
    }
    return times
  }

  #arrival(from: NodeId, to: NodeId, now: number): number {
    const { faults } = this.#settings
    const slow = this.stormy && faults.has('delay') && this.#prng.chance(0.2)
    if (slow) this.#tally.add('fault: message late')
    const at = now + this.#prng.below(slow ? 150 : 6, 1)
    const key = pairKey(from, to)
    if (this.stormy && faults.has('reorder')) {
      if (at < (this.#lastArrival.get(key) ?? 0)) this.#tally.add('fault: message overtaken')
      return at
    }
    const arrival = Math.max(at, this.#lastArrival.get(key) ?? 0)
    this.#lastArrival.set(key, arrival)
    return arrival
  }
}

function pairKey(from: NodeId, to: NodeId): number {
  return from * 64 + to
}
