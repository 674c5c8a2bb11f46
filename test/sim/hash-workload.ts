/**
 * Clients that append numbered records. Each record stands in the log at most once, since nobody repeats an
 * unknown outcome here; one that was acknowledged stands there exactly once, where it was said to be.
 */
import { assert } from '../../src/base/assert.ts'
import type { LogIndex } from '../../src/base/brand.ts'
import { Reader, Writer } from '../../src/base/bytes.ts'
import type { Prng } from '../../src/base/prng.ts'
import { HashMachine } from './hash-machine.ts'
import type { Row } from './tables.ts'
import type { Action, Workload } from './workload.ts'

export class HashWorkload implements Workload<number, HashMachine> {
  #numbers = 0
  /** Where each record stands in the log. */
  readonly #stands = new Map<number, LogIndex>()
  readonly #acknowledged = new Map<number, LogIndex>()
  readonly #failed = new Set<number>()

  start(rows: readonly Row[]): HashMachine {
    return HashMachine.fromRows(rows)
  }

  act(_client: number, _asked: unknown, prng: Prng): Action<number> {
    const number = ++this.#numbers
    const filling = new Uint8Array(prng.below(prng.chance(0.1) ? 400 : 40))
    return {
      data: new Writer().uint32(number).raw(filling).done(),
      done: (outcome) => {
        if (outcome.type === 'applied') this.#acknowledged.set(number, outcome.index)
        if (outcome.type === 'none') this.#failed.add(number)
      },
    }
  }

  observe(index: LogIndex, data: Uint8Array): void {
    if (data.byteLength === 0) return
    const number = new Reader(data).uint32()
    assert(!this.#stands.has(number), 'a record stands in the log once', { number })
    this.#stands.set(number, index)
  }

  finish(): void {
    for (const [number, index] of this.#acknowledged) {
      assert(this.#stands.get(number) === index, 'what was acknowledged is there', { number, index })
    }
    for (const number of this.#failed) {
      assert(!this.#stands.has(number), 'what was refused is nowhere', { number })
    }
  }

  /** How many records were acknowledged. */
  get acknowledgedCount(): number {
    return this.#acknowledged.size
  }
}
