/** Gathers the frames of one turn of the event loop for one connection. */
import { crc32 } from '../../base/crc32.ts'
import { GatherBuffer } from '../../base/gather-buffer.ts'
import { FRAME_HEADER_BYTES, writeFrameHeader } from './frame-codec.ts'

const SLAB_BYTES = 64 * 1024

export class SendBuffer {
  readonly #gathered = new GatherBuffer(SLAB_BYTES)

  /** How many bytes `take` would give. */
  get bytes(): number {
    return this.#gathered.bytes
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
    const at = this.#gathered.room(FRAME_HEADER_BYTES)
    writeFrameHeader(this.#gathered.slab, at, { kind, link, bodyBytes, coveredBytes, bodyCrc })
    for (const chunk of chunks) this.#gathered.add(chunk)
  }

  /** Hands out everything that was added, in order, and starts anew. */
  take(): readonly Uint8Array[] {
    return this.#gathered.take()
  }
}
