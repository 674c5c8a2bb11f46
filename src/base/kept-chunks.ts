/**
 * Chunks of a stream that wait. A view of a few bytes keeps the whole buffer it was read into, and costs more
 * than its bytes by itself, so small ones are copied together.
 */

/** Chunks below this size are joined. */
const SMALL_BYTES = 4 * 1024

/** Call it after a chunk was added that will wait: at most every other chunk stays small, and none is a view. */
export function joinLast(chunks: Buffer[]): void {
  const last = chunks.at(-1)
  if (last === undefined || last.byteLength >= SMALL_BYTES) return
  const before = chunks.at(-2)
  if (before === undefined || before.byteLength >= SMALL_BYTES) chunks[chunks.length - 1] = Buffer.from(last)
  else chunks.splice(-2, 2, Buffer.concat([before, last]))
}
