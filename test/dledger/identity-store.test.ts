import { describe, expect, test } from 'vitest'
import { nodeId } from '../../src/base/brand.ts'
import { Prng } from '../../src/base/prng.ts'
import { IDENTITY_PATH, IdentityStore } from '../../src/dledger/identity-store.ts'
import { SimCrash, SimDisk, SimDiskError } from '../support/sim-disk.ts'

const EXPECTED = {
  clusterId: 'c-1',
  group: 'broker-a',
  memberId: nodeId(2),
  members: [nodeId(3), nodeId(1), nodeId(2)],
}

async function made(): Promise<SimDisk> {
  const disk = new SimDisk()
  await IdentityStore.create(disk, EXPECTED, 'folder-1')
  return disk
}

function isCrash(error: unknown): boolean {
  return error instanceof SimCrash || (error instanceof Error && isCrash(error.cause))
}

function rewrite(disk: SimDisk, change: (identity: Record<string, unknown>) => unknown): void {
  disk.edit(IDENTITY_PATH, (bytes) =>
    Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(bytes).toString())))),
  )
}

describe('an identity', () => {
  test('is not there in a new folder, and there after it was made', async () => {
    expect(await IdentityStore.load(new SimDisk(), EXPECTED)).toBeUndefined()
    const disk = await made()
    disk.crash(new Prng(1))
    const store = await IdentityStore.load(disk, EXPECTED)
    expect(store?.identity).toEqual({
      formatVersion: 1,
      clusterId: 'c-1',
      group: 'broker-a',
      memberId: 2,
      folderId: 'folder-1',
      startCount: 2,
      members: [1, 2, 3],
      peers: {},
    })
  })

  test('counts every start durably', async () => {
    const disk = await made()
    for (let start = 2; start < 6; start++) {
      const store = await IdentityStore.load(disk, EXPECTED)
      expect(store?.identity.startCount).toBe(start)
      disk.crash(new Prng(start))
    }
  })

  test('is whole after a crash at any operation, and its start count never goes back', async () => {
    for (let crashAt = 1; crashAt < 60; crashAt++) {
      for (let seed = 0; seed < 4; seed++) {
        const disk = new SimDisk()
        let [counted, met] = [0, 0]
        disk.hook = ({ count }) => {
          if (count === crashAt) disk.cutPower()
        }
        try {
          counted = (await IdentityStore.create(disk, EXPECTED, 'folder-1')).identity.startCount
          for (let i = 0; i < 3; i++) {
            const store = await IdentityStore.load(disk, EXPECTED)
            counted = store?.identity.startCount ?? 0
            await store?.meetPeer(nodeId(1), { folderId: 'peer', startCount: i + 1, processId: 'p' })
            met = i + 1
          }
        } catch (error) {
          if (!isCrash(error)) throw error
        }
        disk.hook = undefined
        disk.crash(new Prng(seed))
        const identity = (await IdentityStore.load(disk, EXPECTED))?.identity
        if (counted === 0 && identity === undefined) continue
        expect(identity?.startCount).toBeGreaterThan(counted)
        expect(identity?.peers['1']?.startCount ?? 0).toBeGreaterThanOrEqual(met)
      }
    }
  })

  test.each([
    [{ clusterId: 'c-2' }, 'The data folder belongs to cluster c-1, not to cluster c-2.'],
    [{ group: 'broker-b' }, 'The data folder belongs to group broker-a, not to group broker-b.'],
    [{ memberId: nodeId(1) }, 'The data folder belongs to member 2, not to member 1.'],
  ])('is refused where %o is expected, and the start does not count', async (change, message) => {
    const disk = await made()
    const before = disk.bytesOf(IDENTITY_PATH)
    await expect(IdentityStore.load(disk, { ...EXPECTED, ...change })).rejects.toMatchObject({
      code: 'FOLDER_REFUSED',
      message,
    })
    expect(disk.bytesOf(IDENTITY_PATH)).toEqual(before)
  })

  test('does not ask for the cluster when the configuration names none', async () => {
    const { clusterId: _, ...rest } = EXPECTED
    expect((await IdentityStore.load(await made(), rest))?.identity.clusterId).toBe('c-1')
  })

  test('of a newer format is refused, whatever else it says', async () => {
    const disk = await made()
    rewrite(disk, () => ({ formatVersion: 3, everything: 'else' }))
    await expect(IdentityStore.load(disk, EXPECTED)).rejects.toMatchObject({ code: 'FOLDER_REFUSED' })
  })

  test('that lacks a field, has a wrong one or is no JSON is damaged', async () => {
    for (const change of [
      (identity: Record<string, unknown>) => ({ ...identity, folderId: undefined }),
      (identity: Record<string, unknown>) => ({ ...identity, memberId: -1 }),
      (identity: Record<string, unknown>) => ({ ...identity, peers: { x: {} } }),
      (identity: Record<string, unknown>) => ({ ...identity, more: 1 }),
      () => null,
    ]) {
      const disk = await made()
      rewrite(disk, change)
      await expect(IdentityStore.load(disk, EXPECTED)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
    }
    const disk = await made()
    disk.edit(IDENTITY_PATH, (bytes) => bytes.slice(0, 20))
    await expect(IdentityStore.load(disk, EXPECTED)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  })
})

describe('a peer', () => {
  test('is remembered durably before it is accepted', async () => {
    const disk = await made()
    const store = await IdentityStore.load(disk, EXPECTED)
    expect(await store?.meetPeer(nodeId(1), { folderId: 'f', startCount: 4, processId: 'p' })).toEqual({
      type: 'ok',
    })
    disk.crash(new Prng(5))
    const again = await IdentityStore.load(disk, EXPECTED)
    expect(again?.identity.peers).toEqual({ '1': { folderId: 'f', startCount: 4, processId: 'p' } })
  })

  test('with another folder or an earlier start of its folder is refused', async () => {
    const store = await IdentityStore.load(await made(), EXPECTED)
    await store?.meetPeer(nodeId(1), { folderId: 'f', startCount: 4, processId: 'p' })
    const other = await store?.meetPeer(nodeId(1), { folderId: 'g', startCount: 1, processId: 'p' })
    expect(other).toMatchObject({ type: 'refused', reason: expect.stringMatching(/folder g instead of f/) })
    const older = await store?.meetPeer(nodeId(1), { folderId: 'f', startCount: 3, processId: 'p' })
    expect(older).toMatchObject({ type: 'refused', reason: expect.stringMatching(/old copy/) })
    const copy = await store?.meetPeer(nodeId(1), { folderId: 'f', startCount: 4, processId: 'other' })
    expect(copy).toMatchObject({ type: 'refused', reason: expect.stringMatching(/old copy/) })
    expect(await store?.meetPeer(nodeId(1), { folderId: 'f', startCount: 5, processId: 'p' })).toEqual({
      type: 'ok',
    })
  })

  test('met while another one is being remembered is not forgotten', async () => {
    const disk = await made()
    const store = await IdentityStore.load(disk, EXPECTED)
    await Promise.all([
      store?.meetPeer(nodeId(1), { folderId: 'f', startCount: 1, processId: 'p' }),
      store?.meetPeer(nodeId(3), { folderId: 'g', startCount: 1, processId: 'p' }),
    ])
    disk.crash(new Prng(6))
    const again = await IdentityStore.load(disk, EXPECTED)
    expect(Object.keys(again?.identity.peers ?? {})).toEqual(['1', '3'])
  })

  test('that cannot be remembered is not accepted, now or later', async () => {
    const disk = await made()
    const store = await IdentityStore.load(disk, EXPECTED)
    disk.hook = ({ kind }) => {
      if (kind === 'sync') throw new SimDiskError('EIO')
    }
    const start = { folderId: 'f', startCount: 1, processId: 'p' }
    await expect(store?.meetPeer(nodeId(1), start)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    disk.hook = undefined
    await expect(store?.meetPeer(nodeId(1), start)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  })
})
