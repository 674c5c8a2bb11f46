/** A torn tail is cut, and the member is in doubt about what it lost. */
import { describe, expect, test } from 'vitest'
import { term } from '../../src/base/brand.ts'
import { Prng } from '../../src/base/prng.ts'
import { append, bodyOf, openLog } from '../support/log-harness.ts'
import { SimDisk } from '../support/sim-disk.ts'

describe('a torn tail', () => {
  async function torn(): Promise<SimDisk> {
    const disk = new SimDisk()
    const log = await openLog(disk, { create: true })
    await append(log, 4, [bodyOf('kept', 300), bodyOf('torn', 200)])
    disk.kill()
    const [path = ''] = disk.paths().filter((one) => one.endsWith('.segment'))
    disk.edit(path, (bytes) => bytes.slice(0, bytes.byteLength - 50))
    return disk
  }

  test('is cut in doubt up to the term of the member, and the doubt outlives crashes until it is ended', async () => {
    const disk = await torn()
    const log = await openLog(disk, { term: term(5) })
    expect(log.lastIndex).toBe(1)
    expect(log.care.doubtTerm).toBe(5)
    disk.crash(new Prng(2))
    const again = await openLog(disk, { term: term(6) })
    expect(again.care.doubtTerm).toBe(5)
    await again.care.endDoubt()
    disk.crash(new Prng(2))
    expect((await openLog(disk, { term: term(6) })).care.doubtTerm).toBeNull()
  })

  test('is never cut before the doubt is durable, wherever the power goes', async () => {
    const before = await torn()
    const counted = before.copy()
    await openLog(counted, { term: term(5) })
    for (let crashAt = 1; crashAt <= counted.operations; crashAt++) {
      for (let seed = 0; seed < 4; seed++) {
        const disk = before.copy()
        disk.hook = ({ count }) => {
          if (count === crashAt) disk.cutPower()
        }
        await openLog(disk, { term: term(5) }).catch(() => undefined)
        disk.hook = undefined
        disk.crash(new Prng(seed))
        const log = await openLog(disk, { term: term(5) })
        expect(log.care.doubtTerm, `operation ${crashAt}`).toBe(5)
      }
    }
  })

  test('a doubt that cannot be read is a doubt up to the term that the member has', async () => {
    const disk = await torn()
    await openLog(disk, { term: term(5) })
    disk.edit('log/doubt', (bytes) => bytes.fill(9))
    expect((await openLog(disk, { term: term(8) })).care.doubtTerm).toBe(8)
  })

  test('a log that ends with a whole record is in no doubt', async () => {
    const disk = new SimDisk()
    const log = await openLog(disk, { create: true })
    await append(log, 4, [bodyOf('kept', 300)])
    disk.kill()
    expect((await openLog(disk, { term: term(5) })).care.doubtTerm).toBeNull()
  })
})
