/** The smallest machine: the CRC of all bytes applied. One reply an entry: the CRC after it. */
import { assert } from '../../src/base/assert.ts'
import { logIndex, type LogIndex, logPosition } from '../../src/base/brand.ts'
import { Reader, Writer } from '../../src/base/bytes.ts'
import { crc32 } from '../../src/base/crc32.ts'
import type { KvWrite } from '../../src/base/ports.ts'
import type { EntryMeta, MachineDigests, StateMachine } from '../../src/base/state-machine.ts'
import type { Row } from './tables.ts'

const KEY = Uint8Array.of(1)

export class HashMachine implements StateMachine<number> {
  readonly floor = logPosition(0)
  #appliedIndex = logIndex(0)
  #sum = 0

  static fromRows(rows: readonly Row[]): HashMachine {
    const machine = new HashMachine()
    const row = rows[0]
    if (row === undefined) return machine
    const reader = new Reader(row[1])
    machine.#appliedIndex = logIndex(reader.uint64())
    machine.#sum = reader.uint32()
    return machine
  }

  get appliedIndex(): LogIndex {
    return this.#appliedIndex
  }

  apply(meta: EntryMeta, data: Uint8Array): readonly number[] {
    assert(meta.index === this.#appliedIndex + 1, 'entries are applied in order')
    this.#appliedIndex = meta.index
    this.#sum = crc32(data, this.#sum)
    return data.byteLength === 0 ? [] : [this.#sum]
  }

  drain(): KvWrite[] {
    return [{ key: KEY, value: new Writer().uint64(this.#appliedIndex).uint32(this.#sum).done() }]
  }

  digests(): MachineDigests {
    const digest = this.#sum.toString(16).padStart(16, '0')
    return { applied: { index: this.#appliedIndex, digest }, checkpoints: [] }
  }
}
