/** Repair while a log is recovered: what was durable is fetched from a peer and never cut. */
import { describe, expect, test } from 'vitest'
import { logIndex, term } from '../../src/base/brand.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { Prng } from '../../src/base/prng.ts'
import type { LogStore } from '../../src/dledger/log-store.ts'
import { append, bodyOf, contentOf, openLog, segmentsOf } from '../support/log-harness.ts'
import { openRepairing, repairFrom, serveOf, type Serve, sourceOf } from '../support/log-peers.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { SimCrash, SimDisk, SimDiskError } from '../support/sim-disk.ts'

/** Three segments and a bit, closed, with the mark at its end. */
async function filled(): Promise<{ disk: SimDisk; whole: LogStore; content: string[] }> {
  const disk = new SimDisk()
  const log = await openLog(disk, { create: true })
  for (let i = 0; i < 11; i++) await append(log, i < 4 ? 1 : 2, [bodyOf(`m${i}`, 900), bodyOf('', 0)])
  const content = await contentOf(log)
  await log.close()
  return { disk, whole: await openLog(disk.copy()), content }
}

function paths(disk: SimDisk): string[] {
  return disk.paths().filter((path) => path.endsWith('.segment'))
}

/** The last segment holds one record, the last one. */
function isLast(disk: SimDisk, path: string): boolean {
  return path === paths(disk).at(-1)
}

function flip(disk: SimDisk, path: string, offset: number, bit: number): void {
  disk.edit(path, (bytes) => {
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit)
    return bytes
  })
}

/**
 * Repairs a damaged copy and expects the very bytes of the whole log, durably. Only where no record of its own
 * follows what was repaired is the member in doubt.
 */
async function expectRepaired(
  damaged: SimDisk,
  original: SimDisk,
  serve: Serve,
  where: string,
  inDoubt = false,
): Promise<void> {
  const log = await openRepairing(damaged, sourceOf(undefined, serve))
  expect(log.care.damage.repaired, where).toBeGreaterThan(0)
  expect(log.care.doubtTerm !== null, where).toBe(inDoubt)
  damaged.crash(new Prng(1))
  expect(segmentsOf(damaged), where).toEqual(segmentsOf(original))
}

describe('below the synced mark', () => {
  test('a flipped bit anywhere is repaired from a peer, header, body and reserved bytes alike', async () => {
    const { disk, whole } = await filled()
    for (const path of paths(disk)) {
      const size = disk.bytesOf(path).byteLength
      for (let offset = 0; offset < size; offset += 37) {
        const copy = disk.copy()
        flip(copy, path, offset, offset % 8)
        await expectRepaired(copy, disk, serveOf(whole), `${path} ${offset}`, isLast(disk, path))
      }
    }
  }, 30_000)

  test('a missing segment, first, in the middle or last, is fetched from a peer', async () => {
    const { disk, whole } = await filled()
    for (const path of paths(disk)) {
      const copy = disk.copy()
      copy.lose(path)
      await expectRepaired(copy, disk, serveOf(whole), path, isLast(disk, path))
    }
  })

  test('all segments at once are fetched from a peer', async () => {
    const { disk, whole } = await filled()
    const copy = disk.copy()
    for (const path of paths(disk)) copy.lose(path)
    await expectRepaired(copy, disk, serveOf(whole), 'all', true)
  })

  test('a segment that is too short or too long is repaired, and a lost tail is no end of the log', async () => {
    const { disk, whole } = await filled()
    for (const path of paths(disk)) {
      const size = disk.bytesOf(path).byteLength
      const cuts = [0, 1, 63, 64, size - 965, size - 64, size - 1].filter((left) => left >= 0 && left < size)
      for (const left of cuts) {
        const copy = disk.copy()
        copy.edit(path, (bytes) => bytes.slice(0, left))
        await expectRepaired(copy, disk, serveOf(whole), `${path} ${left}`, isLast(disk, path))
      }
      if (path === paths(disk).at(-1)) continue
      const copy = disk.copy()
      copy.edit(path, (bytes) => Buffer.concat([bytes, Buffer.alloc(100, 7)]))
      await expectRepaired(copy, disk, serveOf(whole), `${path} longer`)
    }
  })

  test('a record that was written over another one, and old bytes that came back, are repaired', async () => {
    const { disk, whole } = await filled()
    const [first = '', second = ''] = paths(disk)
    const misdirected = disk.copy()
    misdirected.edit(first, (bytes) => {
      bytes.set(disk.bytesOf(second).subarray(0, 964), 964 + 64)
      return bytes
    })
    await expectRepaired(misdirected, disk, serveOf(whole), 'misdirected')
    const stale = disk.copy()
    stale.edit(second, (bytes) => bytes.fill(0, 512, 1536))
    await expectRepaired(stale, disk, serveOf(whole), 'stale')
  })

  test('a sector that cannot be read is written anew and costs only the records in it', async () => {
    const { disk, whole } = await filled()
    const [path = ''] = paths(disk)
    const copy = disk.copy()
    let broken = true
    copy.hook = ({ kind, path: at }) => {
      if (at !== path) return
      if (kind === 'write') broken = false
      if (kind === 'read' && broken) throw new SimDiskError('EIO')
    }
    await expectRepaired(copy, disk, serveOf(whole), 'EIO')
  })

  test('a large read that fails costs no record that a smaller one gives', async () => {
    const disk = new SimDisk()
    const sizes = { segmentBytes: 1 << 16 }
    const whole = await openLog(disk, { create: true, ...sizes })
    for (let i = 0; i < 20; i++) await append(whole, 1, [bodyOf(`m${i}`, 900)])
    const content = await contentOf(whole)
    await whole.close()
    disk.hook = ({ kind, path, bytes }) => {
      if (path.endsWith('.segment') && kind === 'read' && bytes > 4096) throw new SimDiskError('EIO')
    }
    const log = await openRepairing(disk, sourceOf(), sizes)
    expect(await contentOf(log)).toEqual(content)
  })

  test('a crash at any operation of a repair leaves a log that is repaired by the next start', async () => {
    const { disk, whole } = await filled()
    const damaged = disk.copy()
    for (const [at, path] of paths(disk).entries()) flip(damaged, path, 100 + at, 3)
    damaged.lose(paths(disk)[1] ?? '')
    const counted = damaged.copy()
    await openRepairing(counted, sourceOf(serveOf(whole)))
    for (let crashAt = 1; crashAt <= counted.operations; crashAt++) {
      const copy = damaged.copy()
      copy.hook = ({ count }) => {
        if (count === crashAt) copy.cutPower()
      }
      await openRepairing(copy, sourceOf(serveOf(whole))).catch((error: unknown) => {
        if (!isCrash(error)) throw error
      })
      copy.hook = undefined
      copy.crash(new Prng(crashAt))
      await openRepairing(copy, sourceOf(serveOf(whole)))
      copy.crash(new Prng(crashAt))
      expect(segmentsOf(copy), `operation ${crashAt}`).toEqual(segmentsOf(disk))
    }
  })
})

function isCrash(error: unknown): boolean {
  return error instanceof SimCrash || (error instanceof Error && isCrash(error.cause))
}

/** Opens the log, lets a minute pass and gives up: true when it waited all the time. */
async function waits(disk: SimDisk, serve: Serve): Promise<boolean> {
  const clock = new ManualClock()
  const stop = new AbortController()
  const before = segmentsOf(disk)
  let ended: unknown
  const opening = openLog(disk, {
    clock,
    term: term(3),
    repair: repairFrom(sourceOf(serve), stop.signal),
  }).then(
    () => (ended = 'opened'),
    (error: unknown) => (ended = error),
  )
  for (let i = 0; i < 300; i++) {
    for (let turn = 0; turn < 4; turn++) await settle()
    clock.advance(200)
  }
  const waited = ended === undefined
  stop.abort()
  for (let i = 0; i < 4; i++) {
    clock.advance(200)
    await settle()
  }
  await opening
  expect(segmentsOf(disk), 'a member that waits changes nothing').toEqual(before)
  return waited
}

describe('what a peer says', () => {
  test('is taken uncommitted when the next record here continues it, and not when nothing here does', async () => {
    const { disk, whole } = await filled()
    const uncommitted = serveOf(whole, () => logIndex(0))
    const [path = ''] = paths(disk)
    const middle = disk.copy()
    flip(middle, path, 1000, 0)
    await expectRepaired(middle, disk, uncommitted, 'middle')
    const end = disk.copy()
    const last = paths(disk).at(-1) ?? ''
    flip(end, last, disk.bytesOf(last).byteLength - 1, 0)
    expect(await waits(end, uncommitted)).toBe(true)
    await expectRepaired(end, disk, serveOf(whole), 'end', true)
  })

  test('is taken uncommitted at the end, in doubt, when the peer’s log ends in the term of this member', async () => {
    // Two of three lost their tails and the third does not know what is committed: it alone elects nobody.
    const { disk, whole } = await filled()
    const copy = disk.copy()
    for (const path of paths(disk).slice(1)) copy.lose(path)
    const uncommitted = serveOf(whole, () => logIndex(0))
    const log = await openRepairing(copy, sourceOf(uncommitted), { term: term(2) })
    expect(log.care.doubtTerm).toBe(2)
    expect(segmentsOf(copy)).toEqual(segmentsOf(disk))
  })

  test('a lost tail is in doubt before any of it is written, wherever the power goes', async () => {
    const { disk, whole } = await filled()
    const damaged = disk.copy()
    damaged.lose(paths(disk).at(-1) ?? '')
    const counted = damaged.copy()
    await openRepairing(counted, sourceOf(serveOf(whole)), { term: term(2) })
    for (let crashAt = 1; crashAt <= counted.operations; crashAt++) {
      const copy = damaged.copy()
      copy.hook = ({ count }) => {
        if (count === crashAt) copy.cutPower()
      }
      await openRepairing(copy, sourceOf(serveOf(whole)), { term: term(2) }).catch(() => undefined)
      copy.hook = undefined
      copy.crash(new Prng(crashAt))
      const log = await openRepairing(copy, sourceOf(serveOf(whole)), { term: term(2) })
      expect(log.care.doubtTerm, `operation ${crashAt}`).toBe(2)
    }
  })

  test('is not taken uncommitted where the next record here continues another one', async () => {
    const { disk, whole } = await filled()
    const peer = await openLog(new SimDisk(), { create: true })
    await append(peer, 1, [bodyOf('m0', 900), bodyOf('', 0), bodyOf('other', 900), bodyOf('', 0)])
    const copy = disk.copy()
    flip(copy, paths(disk)[0] ?? '', peer.positionOf(logIndex(3)) + 80, 0)
    expect(
      await waits(
        copy,
        serveOf(peer, () => logIndex(2)),
      ),
    ).toBe(true)
    await expectRepaired(copy, disk, serveOf(whole), 'the record that was there')
  })

  test('shows another history in vain while that is not committed: nothing is cut for it', async () => {
    const { disk, whole } = await filled()
    const peer = await openLog(new SimDisk(), { create: true })
    for (let i = 0; i < 4; i++) await append(peer, 1, [bodyOf(`m${i}`, 900), bodyOf('', 0)])
    for (let i = 0; i < 9; i++) await append(peer, 3, [bodyOf(`other${i}`, 800)])
    const copy = disk.copy()
    flip(copy, paths(disk)[2] ?? '', 1200, 1)
    expect(
      await waits(
        copy,
        serveOf(peer, () => logIndex(8)),
      ),
    ).toBe(true)
    await expectRepaired(copy, disk, serveOf(whole), 'nothing is lost')
  })

  test('that the record is removed there changes nothing here: the member waits for another one', async () => {
    const { disk, whole } = await filled()
    const peer = await openLog(disk.copy())
    await peer.start.dropBelow(peer.positionOf(logIndex(9)))
    expect(peer.base.index).toBeGreaterThan(2)
    const copy = disk.copy()
    flip(copy, paths(disk)[0] ?? '', 1200, 1)
    expect(await waits(copy, serveOf(peer))).toBe(true)
    await expectRepaired(copy, disk, serveOf(whole), 'another one has it')
  })

  test('is taken only when it is whole: other bytes are refused and the next peer is asked', async () => {
    const { disk, whole } = await filled()
    const liar: Serve = async (first, bytesMax) => {
      const { records, ...head } = await serveOf(whole)(first, bytesMax)
      const changed = records.slice()
      changed[70] = (changed[70] ?? 0) ^ 1
      return { ...head, records: changed }
    }
    const copy = disk.copy()
    flip(copy, paths(disk)[0] ?? '', 80, 1)
    expect(await waits(copy, liar)).toBe(true)
    const log = await openRepairing(copy, sourceOf(liar, serveOf(whole)))
    expect(log.care.damage.repaired).toBe(1)
    expect(segmentsOf(copy)).toEqual(segmentsOf(disk))
  })

  test('shows another committed history: what was never committed here is cut, in doubt', async () => {
    const { disk } = await filled()
    const other = new SimDisk()
    const peer = await openLog(other, { create: true })
    for (let i = 0; i < 4; i++) await append(peer, 1, [bodyOf(`m${i}`, 900), bodyOf('', 0)])
    for (let i = 0; i < 9; i++) await append(peer, 3, [bodyOf(`other${i}`, 800)])
    const copy = disk.copy()
    const [, , third = ''] = paths(disk)
    flip(copy, third, 1200, 1)
    const log = await openRepairing(copy, sourceOf(serveOf(peer)), { term: term(2) })
    expect(log.lastIndex).toBeGreaterThan(8)
    expect(log.care.doubtTerm).toBe(2)
    copy.crash(new Prng(3))
    const again = await openLog(copy)
    expect(again.lastIndex).toBe(log.lastIndex)
    expect(again.care.doubtTerm).toBe(2)
  })

  test('a log that ends before what the tables know is filled up to there, and is in doubt as a torn one is', async () => {
    const { disk, whole, content } = await filled()
    const copy = disk.copy()
    copy.edit('log/synced', () => new Uint8Array(0))
    const fresh = new SimDisk()
    await openLog(fresh, { create: true }).then((log) => log.close())
    copy.edit('log/synced', () => fresh.bytesOf('log/synced'))
    const last = paths(disk).at(-1) ?? ''
    copy.edit(last, (bytes) => bytes.slice(0, bytes.byteLength - 20))
    const log = await openRepairing(copy, sourceOf(serveOf(whole)), { committedIndex: whole.lastIndex })
    expect(await contentOf(log)).toEqual(content)
  })
})

test('two members that are damaged at different places repair each other', async () => {
  const { disk, content } = await filled()
  const clock = new ManualClock()
  const disks = [disk.copy(), disk.copy()]
  const served: (Serve | undefined)[] = [undefined, undefined]
  flip(disks[0] as SimDisk, paths(disk)[0] ?? '', 500, 2)
  flip(disks[1] as SimDisk, paths(disk)[2] ?? '', 500, 2)
  const opening = disks.map((own, at) =>
    openLog(own, {
      clock,
      committedIndex: logIndex(content.length),
      repair: {
        source: sourceOf((first, bytesMax) => {
          const serve = served[1 - at]
          if (serve === undefined) throw new BrokerError('NO_LEADER', 'not connected')
          return serve(first, bytesMax)
        }),
        signal: new AbortController().signal,
        recovering: (serve) => {
          served[at] = serve
        },
      },
    }).then((log) => {
      served[at] = (first, bytesMax) => log.care.serve(first, bytesMax)
      return log
    }),
  )
  for (let i = 0; i < 20; i++) {
    for (let turn = 0; turn < 20; turn++) await settle()
    clock.advance(200)
  }
  for (const log of await Promise.all(opening)) expect(await contentOf(log)).toEqual(content)
})
