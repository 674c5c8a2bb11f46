/** Writing a whole run of chunks, however the system cuts it up. */

/** Writes what one system call takes of `chunks` at `position`; resolves with how many bytes that were. */
export type WriteSome = (chunks: readonly Uint8Array[], position: number) => Promise<number>

/** Writes all of `chunks`, one behind the other, from `position` on. */
export async function writeFully(
  writeSome: WriteSome,
  chunks: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let left = chunks.filter((chunk) => chunk.byteLength > 0)
  let at = position
  while (left.length > 0) {
    const bytesWritten = await writeSome(left, at)
    at += bytesWritten
    left = rest(left, bytesWritten)
  }
}

/** What is left of `chunks` when the first `written` bytes are gone. */
function rest(chunks: readonly Uint8Array[], written: number): Uint8Array[] {
  let skip = written
  for (const [i, chunk] of chunks.entries()) {
    if (skip < chunk.byteLength) return [chunk.subarray(skip), ...chunks.slice(i + 1)]
    skip -= chunk.byteLength
  }
  return []
}
