import { beforeEach, describe, expect, test } from 'vitest'
import { logIndex, logPosition, term } from '../../src/base/brand.ts'
import { Prng } from '../../src/base/prng.ts'
import { LOG_BASE_PATH } from '../../src/dledger/log-base.ts'
import type { LogStore } from '../../src/dledger/log-store.ts'
import { append, bodyOf, openLog, prepare, SEGMENT, segmentsOf } from '../support/log-harness.ts'
import { SimDisk, SimDiskError } from '../support/sim-disk.ts'

let disk: SimDisk
let log: LogStore

/** Four records of 964 bytes fill a segment. */
async function fill(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const name = `r${log.lastIndex + 1}`
    await append(log, 1 + Math.floor(log.lastIndex / 6), [bodyOf(name, 900)])
  }
}

/** The names of the records that the log gives, from its first on. */
async function namesOf(open: LogStore): Promise<string[]> {
  const names: string[] = []
  const first = open.start.firstFrom(open.start.span.start)
  for (let index: number = first; index <= open.lastIndex; index++) {
    const body = await open.readBody(logIndex(index))
    names.push(Buffer.from(body).toString().replace(/\.*$/, ''))
  }
  return names
}

function namesFrom(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => `r${first + i}`)
}

beforeEach(async () => {
  disk = new SimDisk()
  log = await openLog(disk, { create: true })
  await fill(14)
})

describe('segments wholly below a position', () => {
  test('go, and the rest of the log is as before, also after a restart', async () => {
    const before = segmentsOf(disk)
    await log.start.dropBelow(logPosition(2 * SEGMENT + 5))
    expect(segmentsOf(disk)).toEqual(before.slice(2))
    expect(log.start.span.start).toBe(2 * SEGMENT)
    expect(await namesOf(log)).toEqual(namesFrom(9, 14))
    await log.close()
    log = await openLog(disk)
    expect(await namesOf(log)).toEqual(namesFrom(9, 14))
    await fill(3)
    expect(log.lastIndex).toBe(17)
    expect(await namesOf(log)).toEqual(namesFrom(9, 17))
  })

  test('make the same log as on a member that kept them', async () => {
    const other = new SimDisk()
    const kept = log
    const bytes = await kept.readRecords(logIndex(1), logIndex(14), Number.MAX_SAFE_INTEGER)
    log = await openLog(other, { create: true })
    const accepted = log.acceptRecords(bytes, term(0))
    if (accepted.type === 'refused') throw new Error(accepted.reason)
    const cut = log.adopt(accepted.records, null)
    await log.write([{ cut, records: accepted.records }])
    await log.start.dropBelow(logPosition(SEGMENT))
    await fill(5)
    const copied = log
    log = kept
    await fill(5)
    expect(segmentsOf(other)).toEqual(segmentsOf(disk).slice(1))
    expect(copied.end).toBe(kept.end)
  })

  test('stay when the position is in the first of them', async () => {
    expect(log.start.canDropBelow(logPosition(SEGMENT - 1))).toBe(false)
    await log.start.dropBelow(logPosition(SEGMENT - 1))
    expect(segmentsOf(disk)).toHaveLength(4)
    expect(disk.paths()).not.toContain(LOG_BASE_PATH)
  })

  test('go again and again, and cuts above still work', async () => {
    await log.start.dropBelow(logPosition(SEGMENT))
    await log.start.dropBelow(logPosition(3 * SEGMENT))
    const cut = log.adopt([], logIndex(14))
    await log.write([{ cut, records: prepare(log, 9, [bodyOf('new')]) }])
    await log.close()
    log = await openLog(disk)
    expect(await namesOf(log)).toEqual(['r13', 'new'])
    expect(log.termOf(logIndex(12))).toBe(2)
  })
})

test('a reading that began before goes on while its segment is removed', async () => {
  let open = (): void => undefined
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  disk.hook = async ({ kind }) => {
    if (kind === 'read') await gate
  }
  const reading = log.readRecords(logIndex(3), logIndex(6), Number.MAX_SAFE_INTEGER)
  const dropping = log.start.dropBelow(logPosition(2 * SEGMENT))
  open()
  await dropping
  const records = Buffer.from(await reading).toString()
  expect(namesFrom(3, 6).every((name) => records.includes(`${name}.`))).toBe(true)
})

test('what stands below the start is refused, not an end of the process', async () => {
  await log.start.dropBelow(logPosition(SEGMENT))
  const gone = { code: 'CANCELLED' }
  await expect(log.readBody(logIndex(4))).rejects.toMatchObject(gone)
  await expect(log.readBytes(logPosition(70), 10)).rejects.toMatchObject(gone)
  expect(log.cachedRecords(logIndex(4), logIndex(5), 1)).toBeUndefined()
  expect((await log.care.serve(logIndex(4), 1)).records).toHaveLength(0)
})

test('the scrub begins where the log begins', async () => {
  log.care.knowCommitted(() => log.lastIndex)
  await log.start.dropBelow(logPosition(2 * SEGMENT))
  expect(log.care.bytes).toBe(log.end - 2 * SEGMENT)
  expect(await log.care.check(logIndex(1), 1)).toEqual({
    next: 10,
    bytes: log.sizeOf(logIndex(9)),
    sound: true,
  })
})

test('Raft is told what stands before the start', async () => {
  const whole = [...log.termRuns]
  expect(whole.map(({ first }) => first)).toEqual([1, 7, 13])
  await log.start.dropBelow(logPosition(2 * SEGMENT))
  expect(log.base).toEqual({ index: 8, term: 2 })
  expect(log.termRuns).toEqual([
    { first: 9, term: 2 },
    { first: 13, term: 3 },
  ])
})

test('a crash at any moment leaves the log with all that is above, and what is left is removed at the start', async () => {
  const whole = await openLog(disk.copy())
  let finished = false
  for (let at = 1; !finished; at++) {
    for (let seed = 0; seed < 4; seed++) {
      const copy = disk.copy()
      const victim = await openLog(copy)
      const last = copy.operations + at
      copy.hook = ({ count }) => {
        if (count === last) copy.cutPower()
      }
      await victim.start.dropBelow(logPosition(3 * SEGMENT)).catch(() => undefined)
      finished = copy.operations < last
      copy.hook = undefined
      copy.cutPower()
      copy.crash(new Prng(seed))
      const back = await openLog(copy)
      const { start } = back.start.span
      expect([0, 3 * SEGMENT]).toContain(start)
      expect(await namesOf(back)).toEqual(namesFrom(start === 0 ? 1 : 13, 14))
      expect(segmentsOf(copy)).toHaveLength(start === 0 ? 4 : 1)
      await back.start.dropBelow(logPosition(3 * SEGMENT))
      expect(await namesOf(back)).toEqual(namesFrom(13, 14))
      expect(back.end).toBe(whole.end)
    }
    expect(at).toBeLessThan(50)
  }
})

test('a disk that is too full for the new start keeps everything and takes it later', async () => {
  disk.hook = ({ kind, path }) => {
    if (kind === 'write' && path.startsWith(LOG_BASE_PATH)) throw new SimDiskError('ENOSPC')
  }
  await expect(log.start.dropBelow(logPosition(SEGMENT))).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(await namesOf(log)).toEqual(namesFrom(1, 14))
  disk.hook = undefined
  await log.start.dropBelow(logPosition(SEGMENT))
  expect(await namesOf(log)).toEqual(namesFrom(5, 14))
})

describe('the file that tells the start', () => {
  beforeEach(async () => {
    await log.start.dropBelow(logPosition(2 * SEGMENT))
    await log.close()
  })

  /** Changes a byte of each of the copies at these places. */
  function damage(places: readonly number[]): void {
    disk.edit(LOG_BASE_PATH, (bytes) => {
      for (const place of places) bytes[place] = (bytes[place] ?? 0) ^ 1
      return bytes
    })
  }

  test('may lose either of its copies', async () => {
    for (const place of [9, 65_536 + 20]) {
      damage([place])
      log = await openLog(disk)
      expect(await namesOf(log)).toEqual(namesFrom(9, 14))
      await log.close()
      damage([place])
    }
  })

  test('refuses the folder when both are damaged', async () => {
    damage([9, 65_536 + 33])
    await expect(openLog(disk)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  })

  test('refuses tables that know less than what is gone', async () => {
    await expect(openLog(disk, { committedIndex: logIndex(7) })).rejects.toMatchObject({
      code: 'DATA_DAMAGED',
    })
    log = await openLog(disk, { committedIndex: logIndex(8) })
  })

  test('is more than the synced mark when that is older', async () => {
    const mark = await openLog(disk)
    await mark.close()
    const older = new SimDisk()
    const fresh = await openLog(older, { create: true })
    await fresh.close()
    const zero = older.bytesOf('log/synced')
    disk.edit('log/synced', () => zero)
    log = await openLog(disk)
    expect(await namesOf(log)).toEqual(namesFrom(9, 14))
  })

  test('does not hide that the first segment is missing', async () => {
    await disk.remove(segmentsOf(disk)[0]?.[0] ?? '')
    await disk.syncFolder('log')
    await expect(openLog(disk)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  })
})
