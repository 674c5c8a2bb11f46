import { expect, test } from 'vitest'
import { writeFully } from '../../src/store/write-fully.ts'

const CHUNKS = ['abc', '', 'de', 'f'].map((text) => Buffer.from(text))

test.each([1, 2, 3, 4, 5, 6])(
  'after a short write of %i bytes the rest goes on where it ended, in the file and in the chunks',
  async (atOnce) => {
    const file = Buffer.alloc(10, '.')
    await writeFully(
      async (chunks, position) => Buffer.concat(chunks).copy(file, position, 0, atOnce),
      CHUNKS,
      2,
    )
    expect(file.toString()).toBe('..abcdef..')
  },
)

test('nothing to write asks nothing of the system', async () => {
  const asked: number[] = []
  const ask = async (_: unknown, position: number): Promise<number> => asked.push(position)
  await writeFully(ask, [Buffer.alloc(0)], 3)
  expect(asked).toEqual([])
})
