import { expect, test } from 'vitest'
import type { DiskFile } from '../../src/base/ports.ts'
import { readFully } from '../../src/store/read-fully.ts'
import { SimDisk } from '../support/sim-disk.ts'

/** A file of eight bytes that gives at most three at once. */
async function miser(): Promise<DiskFile> {
  const file = await new SimDisk().open('a', { create: true })
  await file.write([Buffer.from('abcdefgh')], 0)
  return { ...file, read: async (into, position) => file.read(into.subarray(0, 3), position) }
}

test('short reads are put together', async () => {
  const bytes = await readFully(await miser(), Buffer.alloc(6), 1)
  expect(Buffer.from(bytes).toString()).toBe('bcdefg')
})

test('the end of the file ends the bytes', async () => {
  const bytes = await readFully(await miser(), Buffer.alloc(20), 4)
  expect(Buffer.from(bytes).toString()).toBe('efgh')
})
