/**
 * The simulated table store of one member: rows that the machine hands out, in batches, each with the index up
 * to which it was applied. Nothing is synced, so a crash keeps the batches up to some point in time.
 */
import { logIndex, type LogIndex } from '../../src/base/brand.ts'
import type { KvWrite } from '../../src/base/ports.ts'
import type { Prng } from '../../src/base/prng.ts'

export type Row = readonly [key: Uint8Array, value: Uint8Array]

interface Batch {
  readonly index: LogIndex
  readonly writes: readonly KvWrite[]
}

export class SimTables {
  /** What survives. Keys as text, one character a byte, so that they sort as bytes. */
  readonly #rows = new Map<string, Uint8Array>()
  #flushedIndex = logIndex(0)
  #unflushed: Batch[] = []

  /** The machine of the rows that survive stands here. */
  get flushedIndex(): LogIndex {
    return this.#flushedIndex
  }

  batch(index: LogIndex, writes: readonly KvWrite[]): void {
    this.#unflushed.push({ index, writes })
    if (this.#unflushed.length > 200) this.#flush(100)
  }

  /** Keeps the batches up to some point, never a part of one. */
  crash(prng: Prng): void {
    this.#flush(prng.below(this.#unflushed.length + 1))
    this.#unflushed = []
  }

  /** Everything is on the disk, as a sync would have it. */
  sync(): void {
    this.#flush(this.#unflushed.length)
  }

  /** Other rows take the place of all, as one. */
  install(index: LogIndex, rows: readonly Row[]): void {
    this.#rows.clear()
    for (const [key, value] of rows) this.#rows.set(String.fromCharCode(...key), value)
    this.#flushedIndex = index
    this.#unflushed = []
  }

  /** All rows that survive, in the order of their keys. */
  rows(): Row[] {
    return [...this.#rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [Uint8Array.from(key, (letter) => letter.charCodeAt(0)), value])
  }

  #flush(count: number): void {
    for (const { index, writes } of this.#unflushed.splice(0, count)) {
      this.#flushedIndex = index
      for (const { key, value } of writes) {
        const name = String.fromCharCode(...key)
        if (value === null) this.#rows.delete(name)
        else this.#rows.set(name, value.slice())
      }
    }
  }
}
