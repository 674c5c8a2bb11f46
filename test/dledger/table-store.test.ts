import { describe, expect, test } from 'vitest'
import type { KvWrite } from '../../src/base/ports.ts'
import { TableStore } from '../../src/dledger/table-store.ts'
import { Prng } from '../../src/base/prng.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { SimKv } from '../support/sim-kv.ts'

const KEYS = [1, 2, 3].map((byte) => new Uint8Array([byte]))

function rowsOf(value: number): KvWrite[] {
  return KEYS.map((key) => ({ key, value: new Uint8Array([value]) }))
}

/** A store whose rows all hold the same number, which the test changes. */
function storeOf(kv: SimKv): { store: TableStore; change: (value: number) => void; failures: unknown[] } {
  let changed: KvWrite[] = []
  const failures: unknown[] = []
  const clock = new ManualClock()
  const drain = (): KvWrite[] => changed.splice(0)
  const store = new TableStore(kv, clock, drain, (error) => failures.push(error))
  return { store, change: (value) => void (changed = rowsOf(value)), failures }
}

async function valuesIn(kv: SimKv): Promise<(number | undefined)[]> {
  return Promise.all(KEYS.map(async (key) => (await kv.get(key))?.[0]))
}

describe('rows that changed together', () => {
  test('are on the disk all or none, whatever a crash loses: the applied index never without its rows', async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const kv = new SimKv()
      const { store, change } = storeOf(kv)
      for (const value of [1, 2, 3]) {
        change(value)
        await store.flush()
      }
      kv.crash(new Prng(seed))
      expect(new Set(await valuesIn(kv)).size, `seed ${seed}`).toBe(1)
    }
  })
})

test('nothing is written after a batch failed: later rows never stand without the ones that were lost', async () => {
  const kv = new SimKv()
  const { store, change, failures } = storeOf(kv)
  change(1)
  await store.flush()
  kv.hook = (call) => {
    if (call === 'batch') throw new Error('no space')
  }
  change(2)
  await store.flush()
  expect(failures).toHaveLength(1)
  kv.hook = undefined
  change(3)
  await store.flush()
  await store.close()
  expect(await valuesIn(kv)).toEqual([1, 1, 1])
})

describe('a read', () => {
  test('sees a row that is on its way, and one that goes on its way while the disk is asked', async () => {
    const kv = new SimKv()
    const { store, change } = storeOf(kv)
    const [key = new Uint8Array()] = KEYS
    change(1)
    await store.flush()
    let begin = (): void => undefined
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    // The read of the disk gives what was there before; the batch with the new row never ends.
    kv.hook = async (call) => {
      if (call === 'batch') return new Promise<void>(() => undefined)
      await begun
    }
    const reading = store.get(key)
    change(2)
    void store.flush()
    expect(store.cached(key)).toEqual(new Uint8Array([2]))
    begin()
    expect(await reading).toEqual(new Uint8Array([2]))
  })
})

test('a batch that cannot be written is told to the owner', async () => {
  const kv = new SimKv()
  const { store, change, failures } = storeOf(kv)
  kv.hook = () => {
    throw new Error('no')
  }
  change(1)
  await store.flush()
  await settle()
  expect(failures).toHaveLength(1)
})

test('rows that are frozen are those of one moment, whatever is written while they are read', async () => {
  const kv = new SimKv()
  const { store, change } = storeOf(kv)
  change(1)
  await store.flush()
  change(2)
  const frozen = await store.freeze(() => 'as of 2')
  change(3)
  await store.flush()
  const values: number[] = []
  for await (const rows of frozen.rows.scan(new Uint8Array([0]), new Uint8Array([255]))) {
    for (const [, value] of rows) values.push(value[0] ?? 0)
  }
  expect([frozen.told, values]).toEqual(['as of 2', [2, 2, 2]])
  expect(await valuesIn(kv)).toEqual([3, 3, 3])
  await frozen.rows.close()
  kv.hook = (call) => {
    if (call === 'batch') throw new Error('no space')
  }
  change(4)
  await expect(store.freeze(() => 0)).rejects.toThrow('no space')
})
