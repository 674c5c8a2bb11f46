/**
 * Gathers the frames of one turn of the event loop for one connection. Small pieces are copied together, for a
 * system call costs more than they do; large ones are passed on by reference. What is handed out is never
 * written again: a slab is filled once and then left to the collector.
 */
import { crc32 } from '../../base/crc32.ts'
import { FRAME_HEADER_BYTES, writeFrameHeader } from './frame-codec.ts'

const SLAB_BYTES = 64 * 1024
/** A chunk of at least so many bytes is passed on by reference. */
const BY_REFERENCE_BYTES = 4 * 1024

export class SendBuffer {
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
  // Rule: [start, end) of the slab is filled and not yet among the pieces.
  #start = 0
  #end = 0
  #pieces: Uint8Array[] = []
  #bytes = 0

  /** How many bytes `take` would give. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Adds one frame whose body is `chunks`. `covered`: how many of the chunks, from the first, the frame's CRC
   * guards. Large chunks are kept by reference and must not change any more.
   */
  add(kind: number, link: number, chunks: readonly Uint8Array[], covered: number): void {
    let bodyBytes = 0
    let coveredBytes = 0
    let bodyCrc = 0
    for (let i = 0; i < chunks.length; i++) {
      const chunk = chunks[i] as Uint8Array
      bodyBytes += chunk.byteLength
      if (i < covered) {
        coveredBytes += chunk.byteLength
        bodyCrc = crc32(chunk, bodyCrc)
      }
    }
    const at = this.#room(FRAME_HEADER_BYTES)
    writeFrameHeader(this.#slab, at, { kind, link, bodyBytes, coveredBytes, bodyCrc })
    for (const chunk of chunks) this.#addChunk(chunk)
    this.#bytes += FRAME_HEADER_BYTES + bodyBytes
  }

  /** Hands out everything that was added, in order, and starts anew. */
  take(): readonly Uint8Array[] {
    this.#closeRun()
    const pieces = this.#pieces
    this.#pieces = []
    this.#bytes = 0
    return pieces
  }

  #addChunk(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return
    if (chunk.byteLength >= BY_REFERENCE_BYTES) {
      this.#closeRun()
      this.#pieces.push(chunk)
      return
    }
    // Making room may change the slab, so it comes first.
    const at = this.#room(chunk.byteLength)
    this.#slab.set(chunk, at)
  }

  #room(length: number): number {
    if (this.#end + length > SLAB_BYTES) {
      this.#closeRun()
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#start = 0
      this.#end = 0
    }
    const at = this.#end
    this.#end = at + length
    return at
  }

  #closeRun(): void {
    if (this.#end > this.#start) this.#pieces.push(this.#slab.subarray(this.#start, this.#end))
    this.#start = this.#end
  }
}
