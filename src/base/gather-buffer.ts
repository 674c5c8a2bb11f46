/**
 * Gathers what one turn of the event loop writes to one connection. Small pieces are copied together, for a
 * system call costs more than they do; large ones are passed on by reference. What is handed out is never
 * written again: a slab is filled once and then left to the collector.
 */

/** A chunk of at least so many bytes is passed on by reference. */
const BY_REFERENCE_BYTES = 4 * 1024

export class GatherBuffer {
  readonly #slabBytes: number
  #slab: Buffer | undefined
  // Rule: [start, end) of the slab is filled and not yet among the pieces.
  #start = 0
  #end = 0
  #pieces: Uint8Array[] = []
  #bytes = 0

  /** `slabBytes` bounds one call of `room`, and what one piece of copied bytes holds. */
  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes
  }

  /** How many bytes `take` would give. */
  get bytes(): number {
    return this.#bytes
  }

  /** Makes room for `length` bytes, at most a slab. Returns where it begins in `slab`. */
  room(length: number): number {
    if (this.#slab === undefined || this.#end + length > this.#slabBytes) {
      this.#closeRun()
      this.#slab = Buffer.allocUnsafeSlow(this.#slabBytes)
      this.#start = 0
      this.#end = 0
    }
    const at = this.#end
    this.#end = at + length
    this.#bytes += length
    return at
  }

  /** The slab that the last `room` was made in. */
  get slab(): Buffer {
    return (this.#slab ??= Buffer.allocUnsafeSlow(this.#slabBytes))
  }

  /** Adds bytes. Large ones are kept by reference and must not change any more. */
  add(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return
    if (chunk.byteLength >= BY_REFERENCE_BYTES) {
      this.#closeRun()
      this.#pieces.push(chunk)
      this.#bytes += chunk.byteLength
      return
    }
    // Making room may change the slab, so it comes first.
    const at = this.room(chunk.byteLength)
    this.slab.set(chunk, at)
  }

  /** Hands out everything that was added, in order, and starts anew. */
  take(): readonly Uint8Array[] {
    this.#closeRun()
    const pieces = this.#pieces
    this.#pieces = []
    this.#bytes = 0
    return pieces
  }

  /** Lets go of memory that is kept for the next piece. For a connection that is idle. */
  shrink(): void {
    if (this.#bytes === 0) this.#slab = undefined
  }

  #closeRun(): void {
    if (this.#slab !== undefined && this.#end > this.#start) {
      this.#pieces.push(this.#slab.subarray(this.#start, this.#end))
    }
    this.#start = this.#end
  }
}
