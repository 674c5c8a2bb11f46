/** The record size of each entry, in chunks of 32-bit numbers: four bytes an entry, without any object. */
import { assert } from '../base/assert.ts'

const CHUNK_LENGTH = 1 << 16
const CHUNK_MASK = CHUNK_LENGTH - 1

/** A list of sizes that grows and is cut at its end. */
export class RecordSizes {
  readonly #chunks: Uint32Array[] = []
  #count = 0

  /** How many sizes are held. */
  get count(): number {
    return this.#count
  }

  /** Adds the size of the next entry, in bytes. */
  push(size: number): void {
    assert(Number.isInteger(size) && size > 0 && size <= 0xffff_ffff, 'a record has a size', { size })
    const at = this.#count
    let chunk = this.#chunks[Math.floor(at / CHUNK_LENGTH)]
    if (chunk === undefined) {
      chunk = new Uint32Array(CHUNK_LENGTH)
      this.#chunks.push(chunk)
    }
    chunk[at & CHUNK_MASK] = size
    this.#count = at + 1
  }

  /** The size at `at`, counted from 0. */
  at(at: number): number {
    assert(at >= 0 && at < this.#count, 'the size is held', { at, count: this.#count })
    return this.#chunks[Math.floor(at / CHUNK_LENGTH)]?.[at & CHUNK_MASK] ?? 0
  }

  /** Forgets everything from `count` on. */
  truncate(count: number): void {
    assert(count >= 0 && count <= this.#count, 'a cut shortens', { count, was: this.#count })
    this.#count = count
    this.#chunks.length = Math.ceil(count / CHUNK_LENGTH)
  }
}
