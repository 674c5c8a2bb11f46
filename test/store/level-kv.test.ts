import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Kv } from '../../src/base/ports.ts'
import { Prng } from '../../src/base/prng.ts'
import { LevelKv } from '../../src/store/level-kv.ts'
import { SimKv } from '../support/sim-kv.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'level-kv-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const key = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)

async function rowsOf(kv: Kv, start: Uint8Array, end: Uint8Array): Promise<[number[], number[]][]> {
  const rows: [number[], number[]][] = []
  for await (const chunk of kv.scan(start, end)) {
    for (const [rowKey, value] of chunk) rows.push([[...rowKey], [...value]])
  }
  return rows
}

const KINDS: readonly (readonly [string, () => Promise<Kv>])[] = [
  ['LevelDB', () => LevelKv.open(join(folder, 'tables'))],
  ['the simulated store', async () => Promise.resolve(new SimKv())],
]

describe.each(KINDS)('tables in %s', (_name, open) => {
  test('can be read as they were at one moment, also behind a key and while they change', async () => {
    const kv = await open()
    const rows = Array.from({ length: 700 }, (_, at) => ({ key: key(1, at >> 8, at & 255), value: key(1) }))
    await kv.batch(rows)
    const snapshot = kv.snapshot()
    await kv.batch(rows.map((row) => ({ ...row, value: null })))
    await kv.batch([{ key: key(2), value: key(2) }])
    const found: number[] = []
    for await (const chunk of snapshot.scan(key(1, 0, 9, 0), key(255))) {
      for (const [row, value] of chunk) found.push((row[1] ?? 0) * 256 + (row[2] ?? 0), value[0] ?? 0)
    }
    expect(found.filter((_, at) => at % 2 === 0)).toEqual(rows.slice(10).map((_, at) => at + 10))
    expect(new Set(found.filter((_, at) => at % 2 === 1))).toEqual(new Set([1]))
    await snapshot.close()
    expect(await rowsOf(kv, key(0), key(255))).toEqual([[[2], [2]]])
    await kv.close()
  })

  test('give back what was written, and nothing for what was deleted or never there', async () => {
    const kv = await open()
    await kv.batch([
      { key: key(1), value: key(10, 0, 255) },
      { key: key(2), value: key() },
      { key: key(3), value: key(30) },
    ])
    await kv.batch([
      { key: key(3), value: null },
      { key: key(9), value: null },
    ])
    expect([...((await kv.get(key(1))) ?? [])]).toEqual([10, 0, 255])
    expect(await kv.get(key(2))).toHaveLength(0)
    expect(await kv.get(key(3))).toBeUndefined()
    expect(await kv.get(key(4))).toBeUndefined()
    await kv.close()
  })

  test('are scanned in the order of their bytes, start included, end left out', async () => {
    const kv = await open()
    const keys = [key(0), key(1), key(1, 0), key(1, 255), key(2), key(127), key(128), key(255), key(255, 1)]
    await kv.batch(keys.toReversed().map((rowKey) => ({ key: rowKey, value: rowKey })))
    expect(await rowsOf(kv, key(1), key(128))).toEqual(
      [key(1), key(1, 0), key(1, 255), key(2), key(127)].map((row) => [[...row], [...row]]),
    )
    expect(await rowsOf(kv, key(3), key(4))).toEqual([])
    await kv.close()
  })

  test('are scanned in chunks, and a scan may be left early', async () => {
    const kv = await open()
    const writes = Array.from({ length: 3000 }, (_, i) => ({ key: key(i >> 8, i & 255), value: key(1) }))
    await kv.batch(writes)
    expect(await rowsOf(kv, key(0), key(255))).toHaveLength(3000)
    let chunks = 0
    for await (const chunk of kv.scan(key(0), key(255))) {
      expect(chunk.length).toBeGreaterThan(0)
      expect(chunk.length).toBeLessThan(3000)
      chunks++
      if (chunks === 2) break
    }
    await kv.close()
  })

  test('do not change under a caller who changes his buffers later', async () => {
    const kv = await open()
    const [rowKey, value] = [key(1), key(2)]
    await kv.batch([{ key: rowKey, value }])
    rowKey[0] = 9
    value[0] = 9
    expect([...((await kv.get(key(1))) ?? [])]).toEqual([2])
    await kv.close()
  })
})

describe('LevelDB', () => {
  test('has its rows again after it was closed', async () => {
    const kv = await LevelKv.open(folder)
    await kv.batch([{ key: key(1), value: key(2) }])
    await kv.close()
    const again = await LevelKv.open(folder)
    expect([...((await again.get(key(1))) ?? [])]).toEqual([2])
    await again.close()
  })

  test('that is synced has written its rows into a table, which it syncs, whatever its log file holds', async () => {
    const kv = await LevelKv.open(folder)
    await kv.batch([{ key: key(1), value: key(2) }])
    expect((await readdir(folder)).filter((name) => name.endsWith('.ldb'))).toEqual([])
    await kv.sync()
    expect((await readdir(folder)).filter((name) => name.endsWith('.ldb'))).toHaveLength(1)
    await kv.batch([{ key: key(1), value: key(3) }])
    expect([...((await kv.get(key(1))) ?? [])]).toEqual([3])
    await kv.close()
  })

  test('that is open elsewhere is refused in one sentence', async () => {
    const kv = await LevelKv.open(folder)
    await expect(LevelKv.open(folder)).rejects.toMatchObject({
      code: 'FOLDER_REFUSED',
      message: `The tables in ${folder} are open in another process.`,
    })
    await kv.close()
  })

  test('that is closed fails with a code', async () => {
    const kv = await LevelKv.open(folder)
    await kv.close()
    await expect(kv.batch([{ key: key(1), value: null }])).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  })
})

test('a crash of the simulated store loses whole batches from the end, and only unsynced ones', async () => {
  const seen = new Set<number>()
  for (let seed = 0; seed < 40; seed++) {
    const kv = new SimKv()
    for (let i = 1; i <= 6; i++) {
      await kv.batch([
        { key: key(0), value: key(i) },
        { key: key(i), value: key(i) },
      ])
      if (i === 2) await kv.sync()
    }
    kv.crash(new Prng(seed))
    const count = (await kv.get(key(0)))?.[0] ?? 0
    seen.add(count)
    for (let i = 1; i <= 6; i++) expect((await kv.get(key(i))) !== undefined).toBe(i <= count)
  }
  expect([...seen].sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6])
})
