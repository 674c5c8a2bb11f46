import { describe, expect, test } from 'vitest'
import { logIndex } from '../../src/base/brand.ts'
import { Prng } from '../../src/base/prng.ts'
import type { LogStore } from '../../src/dledger/log-store.ts'
import {
  append,
  bodyOf,
  contentOf,
  openLog,
  prepare,
  SEGMENT,
  textOf,
  WRITE_MAX,
} from '../support/log-harness.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { SimCrash, SimDisk, SimDiskError } from '../support/sim-disk.ts'

/** What may be in the log after a crash: at least `kept`, and what follows is a prefix of one of `tails`. */
interface Durable {
  kept: string[]
  tails: string[][]
}

/** Appends, cuts and rolls for ever, until the disk fails. `durable` follows every acknowledged write. */
async function work(
  log: LogStore,
  clock: ManualClock,
  durable: Durable,
  prng: Prng,
  writes: number,
): Promise<void> {
  let content = [...durable.kept]
  let atTerm = Math.max(1, Number(log.lastIndex === 0 ? 1 : log.termOf(log.lastIndex)))
  for (let i = 0; i < writes; i++) {
    const changes = []
    const before = content
    const parts = prng.below(3, 1)
    for (let part = 0; part < parts; part++) {
      let cut = null
      if (log.lastIndex > 0 && prng.chance(0.25)) {
        const from = prng.below(log.lastIndex + 1, Math.max(1, log.lastIndex - 12))
        cut = log.adopt([], logIndex(from))
        content = content.slice(0, from - 1)
        atTerm++
      }
      const bodies = Array.from({ length: prng.below(5) }, (_, n) =>
        bodyOf(`w${i}.${part}.${n}`, prng.below(900, 12)),
      )
      content = [...content, ...bodies.map((body) => textOf(atTerm, body))]
      changes.push({ cut, records: prepare(log, atTerm, bodies) })
    }
    const same = commonLength(before, content)
    durable.kept = before.slice(0, same)
    durable.tails = [before.slice(same), content.slice(same)]
    clock.advance(prng.pick([0, 30, 60, 1100]))
    await log.write(changes)
    durable.kept = content
    durable.tails = []
  }
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

function expectDurable(content: readonly string[], durable: Durable, where: string): void {
  const kept = content.slice(0, durable.kept.length)
  expect(kept, where).toEqual(durable.kept)
  const rest = content.slice(kept.length)
  const fits = durable.tails.some(
    (tail) => tail.length >= rest.length && commonLength(tail, rest) === rest.length,
  )
  expect(rest.length === 0 || fits, `${where}: the rest is a prefix of what was being written`).toBe(true)
}

/** Runs the work with the power cut at operation `crashAt`. Returns what must be durable. */
async function runUntil(disk: SimDisk, crashAt: number, seed: number, writes: number): Promise<Durable> {
  const durable: Durable = { kept: [], tails: [] }
  const clock = new ManualClock()
  disk.hook = ({ count }) => {
    if (count === crashAt) disk.cutPower()
    else clock.advance(count % 3 === 0 ? 30 : 4)
  }
  try {
    const log = await openLog(disk, { create: true, clock })
    await work(log, clock, durable, new Prng(seed), writes)
    await log.close()
  } catch (error) {
    if (!isCrash(error)) throw error
  }
  disk.hook = undefined
  return durable
}

function isCrash(error: unknown): boolean {
  return error instanceof SimCrash || (error instanceof Error && isCrash(error.cause))
}

/** Opens the log, which may never have been made. */
async function reopen(disk: SimDisk): Promise<LogStore> {
  const made = disk.paths().some((path) => path.endsWith('.segment'))
  return openLog(disk, { create: !made })
}

describe('a crash', () => {
  test.each([1, 2, 3])(
    'at any operation loses nothing acknowledged and keeps no mixture (seed %i)',
    async (seed) => {
      const whole = new SimDisk()
      await runUntil(whole, 0, seed, 14)
      for (let crashAt = 1; crashAt <= whole.operations; crashAt++) {
        const disk = new SimDisk()
        const durable = await runUntil(disk, crashAt, seed, 14)
        for (let variant = 0; variant < 4; variant++) {
          const where = `operation ${crashAt}, variant ${variant}`
          const copy = disk.copy()
          if (variant > 0) copy.crash(new Prng(seed * 100_000 + crashAt * 10 + variant))
          const log = await reopen(copy)
          const content = await contentOf(log)
          expectDurable(content, durable, where)
          const cut = copy.copy()
          cut.crash(new Prng(crashAt))
          expect(await contentOf(await reopen(cut)), `${where}: what was recovered is durable`).toEqual(
            content,
          )
          await append(log, 1000, [bodyOf('after'), bodyOf('more', 800)])
          await log.close()
          expect(await contentOf(await openLog(copy)), where).toHaveLength(content.length + 2)
        }
      }
    },
    60_000,
  )

  test('during recovery changes nothing about what is recovered', async () => {
    const whole = new SimDisk()
    await runUntil(whole, 0, 7, 10)
    for (let crashAt = 8; crashAt <= whole.operations; crashAt += 5) {
      const first = new SimDisk()
      const durable = await runUntil(first, crashAt, 7, 10)
      first.crash(new Prng(crashAt))
      for (let again = 1; again <= 24; again += 1) {
        const disk = first.copy()
        disk.hook = ({ count }) => {
          if (count === again) disk.cutPower()
        }
        await reopen(disk).catch((error: unknown) => {
          if (!isCrash(error)) throw error
        })
        disk.hook = undefined
        disk.crash(new Prng(crashAt * 100 + again))
        expectDurable(await contentOf(await reopen(disk)), durable, `operation ${crashAt}, then ${again}`)
      }
    }
  }, 60_000)
})

/** Three segments and a bit, all durable, the mark at the end unless told otherwise. */
async function filled(options: {
  readonly markAtEnd: boolean
}): Promise<{ disk: SimDisk; content: string[] }> {
  const disk = new SimDisk()
  const log = await openLog(disk, { create: true })
  await append(log, 1, [bodyOf('first', 700)])
  if (!options.markAtEnd) {
    for (let i = 0; i < 3; i++) await append(log, 1, [bodyOf(`early${i}`, 900), bodyOf('', 0)])
    await log.close()
  }
  const late = options.markAtEnd ? log : await openLog(disk)
  for (let i = 0; i < 10; i++) await append(late, 2, [bodyOf(`late${i}`, 900), bodyOf('', 0)])
  const content = await contentOf(late)
  if (options.markAtEnd) await late.close()
  else disk.kill()
  return { disk, content }
}

function flip(disk: SimDisk, path: string, offset: number, bit = 0): void {
  disk.edit(path, (bytes) => {
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit)
    return bytes
  })
}

function segmentPaths(disk: SimDisk): string[] {
  return disk.paths().filter((path) => path.endsWith('.segment'))
}

async function openError(disk: SimDisk): Promise<{ code: unknown; message: string }> {
  try {
    await openLog(disk)
    return { code: undefined, message: '' }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return { code, message: error instanceof Error ? error.message : '' }
  }
}

describe('damage', () => {
  test('of any byte below the synced mark is refused with file, offset and index, and nothing is cut', async () => {
    const { disk } = await filled({ markAtEnd: true })
    for (const path of segmentPaths(disk)) {
      const size = disk.bytesOf(path).byteLength
      for (let offset = 0; offset < size; offset += 37) {
        const copy = disk.copy()
        flip(copy, path, offset, offset % 8)
        const before = copy.paths().map((name) => Buffer.from(copy.bytesOf(name)).toString('hex'))
        const { code, message } = await openError(copy)
        expect(code, `${path} ${offset}`).toBe('DATA_DAMAGED')
        expect(message).toMatch(
          new RegExp(`^${path} is damaged at offset \\d+, where index \\d+ should stand: `),
        )
        expect(copy.paths().map((name) => Buffer.from(copy.bytesOf(name)).toString('hex'))).toEqual(before)
      }
    }
  })

  test('above the mark is refused in a segment that another one follows', async () => {
    const { disk } = await filled({ markAtEnd: false })
    const paths = segmentPaths(disk)
    flip(disk, paths.at(-2) ?? '', 3000)
    const { code, message } = await openError(disk)
    expect(code).toBe('DATA_DAMAGED')
    expect(message).toMatch(/a later segment follows\.$/)
  })

  test('above the mark is refused when more than one write stands behind it', async () => {
    const { disk } = await filled({ markAtEnd: false })
    const last = segmentPaths(disk).at(-1) ?? ''
    disk.edit(last, (bytes) => {
      expect(bytes.byteLength).toBeGreaterThan(WRITE_MAX)
      return bytes
    })
    flip(disk, last, 10)
    const { code, message } = await openError(disk)
    expect(code).toBe('DATA_DAMAGED')
    expect(message).toMatch(/are more than one write\.$/)
  })

  test('above the mark and within one write of the end is cut as a torn tail', async () => {
    const { disk, content } = await filled({ markAtEnd: false })
    const last = segmentPaths(disk).at(-1) ?? ''
    flip(disk, last, disk.bytesOf(last).byteLength - 1)
    const log = await openLog(disk)
    const kept = await contentOf(log)
    expect(kept).toEqual(content.slice(0, -1))
  })

  test('a segment that is missing, first, in the middle or last, is refused', async () => {
    const { disk } = await filled({ markAtEnd: true })
    for (const path of segmentPaths(disk)) {
      const copy = disk.copy()
      copy.lose(path)
      expect(await openError(copy), path).toMatchObject({ code: 'DATA_DAMAGED' })
    }
  })

  test('a segment that is too short is refused, wherever it was cut', async () => {
    const { disk } = await filled({ markAtEnd: true })
    for (const path of segmentPaths(disk)) {
      const size = disk.bytesOf(path).byteLength
      for (const left of [0, 1, 63, 64, size - 965, size - 64, size - 1]) {
        const copy = disk.copy()
        copy.edit(path, (bytes) => bytes.slice(0, left))
        expect(await openError(copy), `${path} ${left}`).toMatchObject({ code: 'DATA_DAMAGED' })
      }
    }
  })

  test('a record that was copied over another is refused', async () => {
    const { disk } = await filled({ markAtEnd: true })
    const [first, second] = segmentPaths(disk)
    const other = disk.bytesOf(second ?? '')
    disk.edit(first ?? '', (bytes) => {
      bytes.set(other.subarray(0, 964), 764)
      return bytes
    })
    expect(await openError(disk)).toMatchObject({ code: 'DATA_DAMAGED' })
  })

  test('a missing or unreadable synced mark of a log is refused', async () => {
    const { disk } = await filled({ markAtEnd: true })
    const gone = disk.copy()
    gone.lose('log/synced')
    expect(await openError(gone)).toMatchObject({ code: 'DATA_DAMAGED' })
    disk.edit('log/synced', (bytes) => bytes.fill(0))
    expect(await openError(disk)).toMatchObject({ code: 'DATA_DAMAGED' })
  })
})

describe('recovery', () => {
  test('cuts a torn tail at every byte of the last write, durably', async () => {
    const disk = new SimDisk()
    const log = await openLog(disk, { create: true })
    await append(log, 1, [bodyOf('kept', 300)])
    await log.close()
    const end = disk.bytesOf('log/00000000000000000000.segment').byteLength
    const again = await openLog(disk)
    await append(again, 1, [bodyOf('torn', 100), bodyOf('torn too', 50)])
    disk.kill()
    const size = disk.bytesOf('log/00000000000000000000.segment').byteLength
    for (let left = end; left < size; left++) {
      const copy = disk.copy()
      copy.edit('log/00000000000000000000.segment', (bytes) => bytes.slice(0, left))
      const recovered = await openLog(copy)
      expect(recovered.lastIndex).toBe(left < end + 164 ? 1 : 2)
      copy.crash(new Prng(left))
      const bytes = copy.bytesOf('log/00000000000000000000.segment').byteLength
      expect(bytes).toBe(left < end + 164 ? end : end + 164)
    }
  })

  test('sets the mark to its end, so that damage is refused from then on', async () => {
    const { disk } = await filled({ markAtEnd: false })
    await openLog(disk)
    disk.crash(new Prng(1))
    const last = segmentPaths(disk).at(-1) ?? ''
    flip(disk, last, disk.bytesOf(last).byteLength - 1)
    expect(await openError(disk)).toMatchObject({ code: 'DATA_DAMAGED' })
  })

  test('never takes bytes of another history behind the end for records', async () => {
    const disk = new SimDisk()
    const log = await openLog(disk, { create: true })
    await append(log, 1, [bodyOf('same', 100)])
    await append(log, 1, [bodyOf('old a', 100), bodyOf('old b', 100), bodyOf('old c', 100)])
    const stale = disk.bytesOf('log/00000000000000000000.segment')
    const cut = log.adopt([], logIndex(2))
    await log.write([{ cut, records: prepare(log, 2, [bodyOf('new a', 100)]) }])
    disk.kill()
    // As if the cut had left the old bytes where they were.
    disk.edit('log/00000000000000000000.segment', (bytes) => {
      const all = stale.slice()
      all.set(bytes)
      return all
    })
    const recovered = await openLog(disk)
    expect(await contentOf(recovered)).toEqual(['1:100:same', '2:100:new a'])
  })

  test('writes what stands above the mark once more, since pages of a failed sync only look written', async () => {
    const disk = new SimDisk()
    const log = await openLog(disk, { create: true })
    await append(log, 1, [bodyOf('durable', 300)])
    disk.hook = ({ kind, path }) => {
      if (kind === 'sync' && path.endsWith('.segment')) throw new SimDiskError('EIO')
    }
    await append(log, 1, [bodyOf('in the page cache', 300)]).catch(() => undefined)
    disk.hook = undefined
    disk.kill()
    const recovered = await openLog(disk)
    expect(recovered.lastIndex).toBe(2)
    for (let seed = 0; seed < 20; seed++) {
      const copy = disk.copy()
      copy.crash(new Prng(seed))
      expect(await contentOf(await openLog(copy))).toEqual(['1:300:durable', '1:300:in the page cache'])
    }
  })

  test('knows every record, term and size again', async () => {
    const { disk, content } = await filled({ markAtEnd: true })
    const log = await openLog(disk)
    expect(await contentOf(log)).toEqual(content)
    expect(log.termRuns).toEqual([
      { first: 1, term: 1 },
      { first: 2, term: 2 },
    ])
    expect(log.sizeOf(logIndex(1))).toBe(764)
    expect(log.positionOf(logIndex(8))).toBe(SEGMENT)
  })
})
