import { describe, expect, test } from 'vitest'
import { nodeId, term } from '../../src/base/brand.ts'
import { Prng } from '../../src/base/prng.ts'
import { META_PATH, MetaStore } from '../../src/dledger/meta-store.ts'
import { SLOT_BYTES } from '../../src/dledger/slot-pair.ts'
import type { HardState } from '../../src/raft/types.ts'
import { QuietLogger } from '../support/manual-clock.ts'
import { SimCrash, SimDisk, SimDiskError } from '../support/sim-disk.ts'

const SAVES: readonly HardState[] = [
  state(1, 0),
  state(1, 2),
  state(4, 0),
  state(4, 3),
  state(5, 1),
  state(9, 0),
]

function state(atTerm: number, votedFor: number): HardState {
  return { term: term(atTerm), votedFor: votedFor === 0 ? 0 : nodeId(votedFor) }
}

async function open(disk: SimDisk, create = false): Promise<MetaStore> {
  return MetaStore.open(disk, { create }, new QuietLogger())
}

async function saved(count = SAVES.length): Promise<SimDisk> {
  const disk = new SimDisk()
  const meta = await open(disk, true)
  for (const save of SAVES.slice(0, count)) await meta.save(save)
  await meta.close()
  return disk
}

function isCrash(error: unknown): boolean {
  return error instanceof SimCrash || (error instanceof Error && isCrash(error.cause))
}

describe('term and vote', () => {
  test('start as term 0 and nobody', async () => {
    expect((await open(new SimDisk(), true)).hardState).toEqual(state(0, 0))
  })

  test('are durable when the save resolves', async () => {
    for (let count = 1; count <= SAVES.length; count++) {
      const disk = await saved(count)
      disk.crash(new Prng(count))
      expect((await open(disk)).hardState).toEqual(SAVES[count - 1])
    }
  })

  test('are never lost or made up by a crash at any operation and the next start, though sectors tear', async () => {
    const total = (await saved()).operations
    for (let crashAt = 1; crashAt <= total; crashAt++) {
      for (let seed = 0; seed < 30; seed++) {
        const disk = new SimDisk()
        const told: HardState[] = [state(0, 0)]
        let asked = state(0, 0)
        disk.hook = ({ count }) => {
          if (count === crashAt) disk.cutPower()
        }
        let isMade = false
        try {
          const meta = await open(disk, true)
          isMade = true
          for (const save of SAVES) {
            asked = save
            await meta.save(save)
            told.push(save)
          }
        } catch (error) {
          if (!isCrash(error)) throw error
        }
        disk.hook = undefined
        disk.crash(new Prng(crashAt * 100 + seed), true)
        const before = disk.operations
        disk.hook = ({ count }) => {
          if (count === before + 1 + (seed % 7)) disk.cutPower()
        }
        await open(disk, !isMade).catch((error: unknown) => {
          if (!isCrash(error)) throw error
        })
        disk.hook = undefined
        disk.crash(new Prng(crashAt * 100 + seed + 50), true)
        const { hardState } = await open(disk, !isMade)
        expect([told.at(-1), asked]).toContainEqual(hardState)
      }
    }
  })

  test('survive the rot of either slot', async () => {
    const disk = await saved()
    for (const start of [0, SLOT_BYTES]) {
      for (const offset of [0, 10, 17, 25, 40, 63]) {
        const copy = disk.copy()
        copy.edit(META_PATH, (bytes) => {
          bytes[start + offset] = (bytes[start + offset] ?? 0) ^ 4
          return bytes
        })
        expect((await open(copy)).hardState).toEqual(SAVES.at(-1))
        // The slot is repaired: now the other one may rot.
        copy.crash(new Prng(offset))
        copy.edit(META_PATH, (bytes) => bytes.fill(0, SLOT_BYTES - start, 2 * SLOT_BYTES - start))
        expect((await open(copy)).hardState).toEqual(SAVES.at(-1))
      }
    }
  })

  test('that are only in the page cache after a failed sync become durable before they are used', async () => {
    const disk = await saved(2)
    const meta = await open(disk)
    disk.hook = ({ kind }) => {
      if (kind === 'sync') throw new SimDiskError('EIO')
    }
    await expect(meta.save(state(4, 3))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    disk.hook = undefined
    disk.kill()
    const { hardState } = await open(disk)
    disk.crash(new Prng(1))
    expect((await open(disk)).hardState).toEqual(hardState)
  })
})

describe('a member', () => {
  test('whose file is missing or wholly unreadable is refused', async () => {
    await expect(open(new SimDisk())).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    for (const change of [
      (bytes: Uint8Array) => bytes.fill(0),
      (bytes: Uint8Array) => bytes.slice(0, 0),
      (bytes: Uint8Array) => bytes.slice(0, 60),
    ]) {
      const disk = await saved()
      disk.edit(META_PATH, change)
      await expect(open(disk)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    }
  })

  test('is not made new over a term that is there', async () => {
    await expect(open(await saved(), true)).rejects.toMatchObject({ code: 'FOLDER_REFUSED' })
    await expect(open(await saved(0), true)).resolves.toBeDefined()
  })

  test('never lowers its term and never votes twice in a term', async () => {
    const meta = await open(await saved(2))
    await expect(meta.save(state(0, 0))).rejects.toThrow('the term never goes down')
    await expect(meta.save(state(1, 3))).rejects.toThrow('a vote is given once')
    await expect(meta.save(state(1, 0))).rejects.toThrow('a vote is given once')
    await meta.save(state(1, 2))
    await meta.save(state(2, 0))
    await meta.save(state(2, 3))
  })

  test.each(['write', 'sync'] as const)('whose %s fails once saves nothing any more', async (failing) => {
    const disk = await saved(1)
    const heard: unknown[] = []
    const meta = await MetaStore.open(
      disk,
      { create: false, onFailure: (error) => heard.push(error) },
      new QuietLogger(),
    )
    disk.hook = ({ kind }) => {
      if (kind === failing) throw new SimDiskError('EIO')
    }
    await expect(meta.save(state(7, 0))).rejects.toMatchObject({ code: 'STORAGE_FAILED', outcome: 'unknown' })
    disk.hook = undefined
    await expect(meta.save(state(8, 0))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    expect(meta.hardState).toEqual(state(1, 0))
    expect(heard).toHaveLength(1)
  })
})
