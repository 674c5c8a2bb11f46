/** Reading a whole range of a file, however the disk cuts it up. */
import type { DiskFile } from '../base/ports.ts'

/** Reads `into.byteLength` bytes at `position`, fewer when the file ends. Returns what was there, in `into`. */
export async function readFully(file: DiskFile, into: Uint8Array, position: number): Promise<Uint8Array> {
  let done = 0
  while (done < into.byteLength) {
    const count = await file.read(into.subarray(done), position + done)
    if (count === 0) break
    done += count
  }
  return into.subarray(0, done)
}
