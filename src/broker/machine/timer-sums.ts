/**
 * The CRC-32 of every timer's row, by the number of the timer: all that memory holds of a timer. By it applying a
 * command knows whether the timer that the command names is in the table, and what its row adds to the digest.
 */
import { assert } from '../../base/assert.ts'

/** Timers in a chunk. Numbers are given out in turn, so that chunks are full but for what is over. */
const CHUNK = 128

interface Chunk {
  readonly crcs: Uint32Array
  readonly live: Uint8Array
  count: number
}

/** About 6 bytes a timer while neighbours wait, at most the size of a chunk for one that is alone. */
export class TimerSums {
  readonly #chunks = new Map<number, Chunk>()
  #size = 0

  get size(): number {
    return this.#size
  }

  set(id: number, crc: number): void {
    const number = Math.floor(id / CHUNK)
    let chunk = this.#chunks.get(number)
    if (chunk === undefined) {
      chunk = { crcs: new Uint32Array(CHUNK), live: new Uint8Array(CHUNK), count: 0 }
      this.#chunks.set(number, chunk)
    }
    const at = id % CHUNK
    if (chunk.live[at] === 0) {
      chunk.live[at] = 1
      chunk.count++
      this.#size++
    }
    chunk.crcs[at] = crc
  }

  /** The CRC-32 of a timer that waits; `undefined` for every other number. */
  get(id: number): number | undefined {
    const chunk = this.#chunks.get(Math.floor(id / CHUNK))
    const at = id % CHUNK
    return chunk === undefined || chunk.live[at] === 0 ? undefined : chunk.crcs[at]
  }

  delete(id: number): void {
    const number = Math.floor(id / CHUNK)
    const chunk = this.#chunks.get(number)
    assert(chunk !== undefined && chunk.live[id % CHUNK] === 1, 'a timer that goes was there', { id })
    chunk.live[id % CHUNK] = 0
    chunk.count--
    this.#size--
    if (chunk.count === 0) this.#chunks.delete(number)
  }
}
