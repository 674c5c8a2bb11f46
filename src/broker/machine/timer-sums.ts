/**
 * The CRC-32 of every timer's row, by the number of the timer: all that memory holds of a timer. By it applying a
 * command knows whether the timer that the command names is in the table, and what its row adds to the digest.
 */
import { assert } from '../../base/assert.ts'

/** Timers in a chunk. Numbers are given out in turn, so that chunks are full but for what is over. */
const CHUNK = 128
/** Before the sums of a chunk: a bit for each timer that waits. */
const LIVE_WORDS = CHUNK / 32

interface Chunk {
  readonly words: Uint32Array
  count: number
}

/** Some 6 bytes a timer while neighbours wait, at most the size of a chunk for one that is alone. */
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
      chunk = { words: new Uint32Array(LIVE_WORDS + CHUNK), count: 0 }
      this.#chunks.set(number, chunk)
    }
    const at = id % CHUNK
    if (!isLive(chunk, at)) {
      flip(chunk, at)
      chunk.count++
      this.#size++
    }
    chunk.words[LIVE_WORDS + at] = crc
  }

  /** The CRC-32 of a timer that waits; `undefined` for every other number. */
  get(id: number): number | undefined {
    const chunk = this.#chunks.get(Math.floor(id / CHUNK))
    const at = id % CHUNK
    return chunk !== undefined && isLive(chunk, at) ? chunk.words[LIVE_WORDS + at] : undefined
  }

  delete(id: number): void {
    const number = Math.floor(id / CHUNK)
    const chunk = this.#chunks.get(number)
    assert(chunk !== undefined && isLive(chunk, id % CHUNK), 'a timer that goes was there', { id })
    flip(chunk, id % CHUNK)
    chunk.count--
    this.#size--
    if (chunk.count === 0) this.#chunks.delete(number)
  }
}

function isLive({ words }: Chunk, at: number): boolean {
  return (((words[at >>> 5] as number) >>> (at & 31)) & 1) === 1
}

function flip({ words }: Chunk, at: number): void {
  words[at >>> 5] = (words[at >>> 5] as number) ^ (1 << (at & 31))
}
