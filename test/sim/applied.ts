/**
 * Compares what the members' machines make of the log: the same replies and the same digest at the same index,
 * also after a restart from rows. Hands each entry to the workload once, in order.
 */
import { assert } from '../../src/base/assert.ts'
import { crc32 } from '../../src/base/crc32.ts'
import type { LogIndex } from '../../src/base/brand.ts'
import { utf8 } from '../../src/base/bytes.ts'
import type { StateMachine } from '../../src/base/state-machine.ts'
import type { Workload } from './workload.ts'

interface Seen {
  readonly replies: number
  digest: string | null
}

export class AppliedChecker<Reply, Machine extends StateMachine<Reply>> {
  readonly #workload: Workload<Reply, Machine>
  readonly #seen: Seen[] = []

  constructor(workload: Workload<Reply, Machine>) {
    this.#workload = workload
  }

  applied(index: LogIndex, data: Uint8Array, replies: readonly Reply[]): void {
    const sum = crc32(utf8(JSON.stringify(replies)))
    const seen = this.#seen[index - 1]
    if (seen !== undefined) {
      assert(seen.replies === sum, 'members answer alike', { index })
      return
    }
    assert(this.#seen.length === index - 1, 'entries are applied in order', { index })
    this.#seen.push({ replies: sum, digest: null })
    this.#workload.observe(index, data, replies)
  }

  /** The digest of a machine after `drain`. */
  compare(machine: Machine): void {
    const { index, digest } = machine.digests().applied
    assert(index === machine.appliedIndex, 'the digest is of the applied index')
    const seen = this.#seen[index - 1]
    if (seen === undefined) return
    seen.digest ??= digest
    assert(seen.digest === digest, 'equal index, equal digest', { index, digest, other: seen.digest })
  }
}
