/** What the disk alone allows: writing and fdatasyncing, one round after the other. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

/** Files are written again from the start at this size. */
const FILE_BYTES_MAX = 512 * 1024 * 1024

/** Bytes a second of one file, when `files` of them are written side by side in rounds of so many bytes. */
export async function diskBytesPerSecond(
  folder: string,
  files: number,
  roundBytes: number,
  seconds: number,
): Promise<number> {
  const names = Array.from({ length: files }, (_, n) => join(folder, `disk-${n}`))
  const handles = await Promise.all(names.map((name) => open(name, 'w')))
  const bytes = Buffer.alloc(roundBytes, 'abcdefghijklmnop')
  const startedAt = performance.now()
  let rounds = 0
  for (let position = 0; performance.now() - startedAt < seconds * 1_000; rounds++) {
    const at = position
    await Promise.all(
      handles.map(async (handle) => {
        await handle.write(bytes, 0, roundBytes, at)
        await handle.datasync()
      }),
    )
    position = position + 2 * roundBytes > FILE_BYTES_MAX ? 0 : position + roundBytes
  }
  const elapsed = (performance.now() - startedAt) / 1_000
  await Promise.all(handles.map((handle) => handle.close()))
  return (rounds * roundBytes) / elapsed
}
