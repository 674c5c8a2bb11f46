/** The record size of each entry, in chunks of 32-bit numbers: four bytes an entry, without any object. */
import { assert } from '../base/assert.ts'

const CHUNK_LENGTH = 1 << 16
const CHUNK_MASK = CHUNK_LENGTH - 1

/** A list of sizes that grows, is cut at its end and forgotten from its start. Places count from 0 all the time. */
export class RecordSizes {
  readonly #chunks: Uint32Array[] = []
  /** The chunk that `#chunks` begins with. */
  #firstChunk: number
  /** Sizes before this place are forgotten. */
  #start: number
  #count: number

  /** An empty list whose first size stands at `start`. */
  constructor(start = 0) {
    this.#firstChunk = Math.floor(start / CHUNK_LENGTH)
    this.#start = start
    this.#count = start
  }

  /** How many sizes were pushed and not cut, forgotten ones included. */
  get count(): number {
    return this.#count
  }

  /** Adds the size of the next entry, in bytes. */
  push(size: number): void {
    assert(Number.isInteger(size) && size > 0 && size <= 0xffff_ffff, 'a record has a size', { size })
    const at = this.#count
    const wanted = Math.floor(at / CHUNK_LENGTH) - this.#firstChunk
    let chunk = this.#chunks[wanted]
    if (chunk === undefined) {
      chunk = new Uint32Array(CHUNK_LENGTH)
      this.#chunks.push(chunk)
    }
    chunk[at & CHUNK_MASK] = size
    this.#count = at + 1
  }

  /** The size at `at`, counted from 0. */
  at(at: number): number {
    assert(at >= this.#start && at < this.#count, 'the size is held', { at, count: this.#count })
    return this.#chunks[Math.floor(at / CHUNK_LENGTH) - this.#firstChunk]?.[at & CHUNK_MASK] ?? 0
  }

  /** Forgets everything from `count` on. */
  truncate(count: number): void {
    assert(count >= this.#start && count <= this.#count, 'a cut shortens', { count, was: this.#count })
    this.#count = count
    this.#chunks.length = Math.ceil(count / CHUNK_LENGTH) - this.#firstChunk
  }

  /** Forgets everything before `start`; frees whole chunks. */
  forgetTo(start: number): void {
    assert(start >= this.#start && start <= this.#count, 'what is forgotten was held', { start })
    this.#start = start
    const firstChunk = Math.floor(start / CHUNK_LENGTH)
    this.#chunks.splice(0, firstChunk - this.#firstChunk)
    this.#firstChunk = firstChunk
  }
}
