/**
 * The rows of the machine: which of them changed, what each adds to the digest, and what the next drain
 * hands out. Rows are encoded only here, never while commands are applied.
 *
 * Promises: at most one write a key between two `take` calls; a row that came and went in between never
 * shows; the digest depends on the state alone and not on when `settle` or `take` were called.
 */
import { Writer } from '../../base/bytes.ts'
import { crc32 } from '../../base/crc32.ts'
import type { KvWrite } from '../../base/ports.ts'
import { DigestSum, laneA, laneB } from './digest.ts'

/** Something that is kept as one row of a table. */
export abstract class Row {
  /** What the row adds to the digest now. 0 before it is first settled. */
  laneA = 0
  laneB = 0
  /** The table has the row, or had it and waits for its deletion. */
  saved = false
  /** The row stands in the list of changed rows. */
  changed = false
  /** The row is deleted for good. */
  gone = false
  /** Where the row's write stands in the list of those to hand out, -1 without one. */
  pendingAt = -1

  /** About how many bytes key and value take. */
  abstract sizeHint(): number
  abstract writeKey(into: Writer): void
  abstract writeValue(into: Writer): void

  /** Hears how the row's part in the digest changed. */
  lanesMoved(_deltaA: number, _deltaB: number): void {}

  /** Hears that what it holds now was handed out to be written. */
  handedOut(): void {}
}

interface Pending {
  readonly row: Row | undefined
  write: KvWrite | undefined
}

/** Owns the list of changed rows and the digest. */
export class RowLedger {
  readonly digest = new DigestSum()
  #changed: Row[] = []
  #pending: Pending[] = []
  #keysComeAgain = false

  /** Until the next `take`, rows may come under the keys of rows that were removed. */
  expectKeysAgain(): void {
    this.#keysComeAgain = true
  }

  /** The row is new or has another value. */
  touch(row: Row): void {
    if (row.changed) return
    row.changed = true
    this.#changed.push(row)
  }

  /** The row is deleted and never used again. */
  remove(row: Row): void {
    row.gone = true
    this.touch(row)
  }

  /**
   * Deletes rows that have no object any more. `sum` is what all of them and the changed ones among them
   * add to the digest; `belongs` finds those that still wait to be written.
   */
  removeMany(sum: DigestSum, belongs: (row: Row) => boolean, keys: readonly Uint8Array[]): void {
    this.digest.move(-sum.a, -sum.b)
    for (const row of this.#changed) if (belongs(row)) forget(row)
    for (const pending of this.#pending) {
      if (pending.row === undefined || !belongs(pending.row)) continue
      pending.write = undefined
      forget(pending.row)
    }
    for (const key of keys) this.#pending.push({ row: undefined, write: { key, value: null } })
  }

  /** Encodes every changed row and brings the digest up to date. */
  settle(): void {
    const rows = this.#changed
    if (rows.length === 0) return
    this.#changed = []
    for (const row of rows) {
      row.changed = false
      if (row.gone) this.#settleGone(row)
      else this.#settleValue(row)
    }
  }

  /** Takes over a row that was read from a table. */
  restore(row: Row, key: Uint8Array, value: Uint8Array): void {
    const crc = crc32(value, crc32(key))
    row.saved = true
    this.#moveLanes(row, laneA(crc), laneB(crc, key.byteLength + value.byteLength))
  }

  /** Counts a row that was read from a table and has no object. */
  restoreSum(sum: DigestSum): void {
    this.digest.move(sum.a, sum.b)
  }

  /** Settles and hands out all writes since the last call. */
  take(): KvWrite[] {
    this.settle()
    const writes: KvWrite[] = []
    for (const { row, write } of this.#pending) {
      if (row !== undefined) {
        row.pendingAt = -1
        row.saved = !row.gone
        row.handedOut()
      }
      if (write !== undefined) writes.push(write)
    }
    this.#pending = []
    if (!this.#keysComeAgain) return writes
    this.#keysComeAgain = false
    return lastOfEachKey(writes)
  }

  #settleValue(row: Row): void {
    const writer = new Writer(row.sizeHint())
    row.writeKey(writer)
    const keyBytes = writer.length
    row.writeValue(writer)
    const bytes = writer.done()
    const crc = crc32(bytes)
    this.#moveLanes(row, laneA(crc), laneB(crc, bytes.byteLength))
    this.#put(row, { key: bytes.subarray(0, keyBytes), value: bytes.subarray(keyBytes) })
  }

  #settleGone(row: Row): void {
    this.#moveLanes(row, 0, 0)
    if (row.saved) {
      const writer = new Writer(24)
      row.writeKey(writer)
      this.#put(row, { key: writer.done(), value: null })
      row.saved = false
    } else if (row.pendingAt >= 0) {
      const pending = this.#pending[row.pendingAt]
      if (pending !== undefined && pending.write?.value !== null) pending.write = undefined
    }
  }

  #put(row: Row, write: KvWrite): void {
    const pending = this.#pending[row.pendingAt]
    if (pending === undefined) {
      row.pendingAt = this.#pending.length
      this.#pending.push({ row, write })
    } else {
      pending.write = write
    }
  }

  #moveLanes(row: Row, a: number, b: number): void {
    const deltaA = a - row.laneA
    const deltaB = b - row.laneB
    row.laneA = a
    row.laneB = b
    this.digest.move(deltaA, deltaB)
    row.lanesMoved(deltaA, deltaB)
  }
}

/** Leaves nothing of a row that `removeMany` deletes by its key. */
function forget(row: Row): void {
  row.gone = true
  row.saved = false
  row.laneA = 0
  row.laneB = 0
}

/** A key that was written more than once: what was written last counts. */
function lastOfEachKey(writes: readonly KvWrite[]): KvWrite[] {
  const byKey = new Map<string, KvWrite>()
  for (const write of writes) byKey.set(String.fromCharCode(...write.key), write)
  return [...byKey.values()]
}
