/** A receiver that loses its power at any write: it has what it had, or goes on, and never half of a state. */
import { beforeAll, describe, expect, test } from 'vitest'
import { Prng } from '../../../src/base/prng.ts'
import { contentOf, openLog, segmentsOf } from '../../support/log-harness.ts'
import type { SimDisk } from '../../support/sim-disk.ts'
import type { SimKv } from '../../support/sim-kv.ts'
import { examineKv, type Giver, giver, OLD_INDEX, oldFolder, ReceiverLife } from './receiving.ts'

interface Folder {
  readonly disk: SimDisk
  readonly kv: SimKv
}

let from: Giver

beforeAll(async () => {
  from = await giver()
})

/** Receives and takes the state over as many lives as it needs. Returns whether `crash` ended one of them. */
async function receive(folder: Folder, isDown: () => boolean): Promise<boolean> {
  try {
    for (;;) {
      const life = await ReceiverLife.start(folder, from)
      if (life === undefined) return false
      await life.untilReady(from.offer, isDown)
      if (isDown()) return true
      expect(life.ready).not.toBeNull()
      await life.receiver.commit()
      await life.close()
    }
  } catch (error) {
    if (isDown()) return true
    throw error
  }
}

async function expectInstalled({ disk, kv }: Folder): Promise<void> {
  const { head } = from.offer
  expect(await examineKv(kv)).toEqual({ index: head.index, digest: head.digest })
  expect(segmentsOf(disk)).toEqual(segmentsOf(from.disk))
  const log = await openLog(disk, { committedIndex: head.index })
  expect(log.base).toEqual(from.log.base)
  expect(log.lastIndex).toBe(head.index)
  expect(log.care.doubtTerm).toBeNull()
  await log.close()
  const left = disk.paths().filter((path) => path.includes('incoming') || path.includes('state'))
  expect(left).toEqual([])
}

/** What a member finds at its start must be one state: the old or the new one. */
async function expectWhole({ disk, kv }: Folder): Promise<void> {
  const isTaken = disk.paths().some((path) => path.endsWith('.taken') || path.endsWith('.moving'))
  if (isTaken) return
  const { index } = await examineKv(kv)
  const log = await openLog(disk, { committedIndex: index })
  if (index === OLD_INDEX) expect(await contentOf(log)).toHaveLength(OLD_INDEX + 2)
  else expect(index).toBe(from.offer.head.index)
  await log.close()
}

describe('a receiver of a state', () => {
  test('ends with the same rows and, byte for byte, the same segments', async () => {
    const folder = await oldFolder()
    await receive(folder, () => false)
    await expectInstalled(folder)
  })

  test('that loses its power at any write has what it had, or goes on to the whole state', async () => {
    const prng = new Prng(7)
    let crashes = 0
    for (let crashAt = 1; ; crashAt++) {
      const folder = await oldFolder()
      let count = 0
      let down = false
      const at = (): void => {
        if (++count !== crashAt) return
        down = true
        folder.disk.cutPower()
      }
      folder.disk.hook = ({ kind }) => {
        if (kind !== 'read' && kind !== 'list' && kind !== 'open') at()
      }
      folder.kv.hook = (call) => {
        if (call === 'batch' || call === 'sync') at()
        if (down) throw new Error('the machine is down')
      }
      const crashed = await receive(folder, () => down)
      folder.disk.hook = undefined
      folder.kv.hook = undefined
      if (!crashed) break
      crashes++
      folder.disk.crash(prng)
      folder.kv.crash(prng)
      await expectWhole(folder)
      expect(await receive(folder, () => false)).toBe(false)
      await expectInstalled(folder)
    }
    expect(crashes).toBeGreaterThan(60)
  }, 60_000)
})
