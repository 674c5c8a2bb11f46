/**
 * The newest records of the log in memory, without a gap up to the last one. Replication and delivery read
 * from here. Rule: a record that the disk does not hold yet is never dropped, whatever the limit says.
 */
import { assert } from '../base/assert.ts'
import type { LogRecord } from './record-codec.ts'

/** How many dropped places may stand at the list's front before it is moved together. */
const FRONT_MAX = 1024

export class TailCache {
  readonly #bytesMax: number
  /** Places in front of the oldest record are empty. */
  #records: (LogRecord | undefined)[] = []
  /** The place of the oldest record kept. */
  #front = 0
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Bytes of all records kept. */
  get bytes(): number {
    return this.#bytes
  }

  get count(): number {
    return this.#records.length - this.#front
  }

  /** The record at `index`, `undefined` when it is not kept. */
  get(index: number): LogRecord | undefined {
    const first = this.#records[this.#front]
    if (first === undefined || index < first.index) return undefined
    return this.#records[this.#front + index - first.index]
  }

  /** The oldest index kept, `undefined` when nothing is. */
  get firstIndex(): number | undefined {
    return this.#records[this.#front]?.index
  }

  push(record: LogRecord): void {
    const last = this.#records.at(-1)
    assert(this.count === 0 || last?.index === record.index - 1, 'the cache has no gap', {
      index: record.index,
    })
    this.#records.push(record)
    this.#bytes += record.size
  }

  /** Drops `index` and everything behind it. */
  cut(index: number): void {
    for (let last = this.#records.at(-1); this.count > 0 && last !== undefined; last = this.#records.at(-1)) {
      if (last.index < index) break
      this.#records.pop()
      this.#bytes -= last.size
    }
    if (this.count === 0) this.#clearFront()
  }

  /** Drops the oldest records that end at or below `safeEnd` until the limit holds. */
  shrink(safeEnd: number): void {
    while (this.#bytes > this.#bytesMax) {
      const oldest = this.#records[this.#front]
      if (oldest === undefined || oldest.position + oldest.size > safeEnd) break
      this.#records[this.#front] = undefined
      this.#front++
      this.#bytes -= oldest.size
    }
    if (this.#front > FRONT_MAX && this.#front * 2 > this.#records.length) this.#clearFront()
  }

  /** The bytes from `position` on, when one kept record holds all of them. */
  bytesAt(position: number, size: number): Uint8Array | undefined {
    let low = this.#front
    let high = this.#records.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#records[middle] as LogRecord).position <= position) low = middle + 1
      else high = middle
    }
    const record = low > this.#front ? this.#records[low - 1] : undefined
    if (record === undefined) return undefined
    const at = position - record.position
    return at + size <= record.size ? record.bytes.subarray(at, at + size) : undefined
  }

  #clearFront(): void {
    this.#records = this.#records.slice(this.#front)
    this.#front = 0
  }
}
