/**
 * Rot on a real disk: bits flipped in 500 records of one member's files, by seed. Every one is found and
 * repaired from the others, at the next start and while the member runs, and the files are what they were.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { logIndex, term } from '../../src/base/brand.ts'
import { Prng } from '../../src/base/prng.ts'
import { LogStore } from '../../src/dledger/log-store.ts'
import { RECORD_HEADER_BYTES } from '../../src/dledger/record-codec.ts'
import { NodeDisk } from '../../src/store/node-disk.ts'
import { RealClock } from '../../src/store/real-clock.ts'
import { repairFrom, serveOf, sourceOf } from '../support/log-peers.ts'
import { QuietLogger } from '../support/manual-clock.ts'

const FLIPS = 500
const RECORDS = 3_000
const SIZES = {
  segmentBytes: 1 << 20,
  recordBytesMax: 1 << 14,
  writeBytesMax: 1 << 18,
  tailCacheBytesMax: 1 << 12,
}

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dledger-flips-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

async function fill(name: string): Promise<LogStore> {
  const disk = await diskOf(name)
  const log = await LogStore.open(disk, { clock: new RealClock(), create: true, ...SIZES }, new QuietLogger())
  const sizes = new Prng(11)
  for (let at = 0; at < RECORDS; at += 100) {
    const records = Array.from({ length: 100 }, (_, n) => {
      const body = Buffer.alloc(sizes.below(3_000), `entry ${at + n} `)
      return log.prepareRecord(term(1 + Math.floor(at / 1_000)), logIndex(at + n + 1), [body])
    })
    await log.write([{ cut: null, records }])
  }
  return log
}

async function diskOf(name: string): Promise<NodeDisk> {
  const root = new NodeDisk(folder)
  await root.makeFolder(name)
  return new NodeDisk(join(folder, name))
}

function segments(name: string): string[] {
  const log = join(folder, name, 'log')
  const names = readdirSync(log).filter((file) => file.endsWith('.segment'))
  return names.sort().map((file) => join(log, file))
}

function hashOf(name: string): string {
  const hash = createHash('sha256')
  for (const file of segments(name)) hash.update(readFileSync(file))
  return hash.digest('hex')
}

/** Flips one bit in each of so many records, not the last one: in the header, its reserved bytes or the body. */
function flipBits(name: string, log: LogStore, seed: number): void {
  const prng = new Prng(seed)
  const chosen = new Set<number>()
  while (chosen.size < FLIPS) chosen.add(prng.below(RECORDS, 1))
  const files = segments(name).map((file) => ({ file, bytes: readFileSync(file) }))
  for (const index of chosen) {
    const size = log.sizeOf(logIndex(index))
    const inHeader = prng.chance(0.5)
    const offset = inHeader ? prng.below(RECORD_HEADER_BYTES) : prng.below(size)
    const position = log.positionOf(logIndex(index)) + offset
    const bytes = files[Math.floor(position / SIZES.segmentBytes)]?.bytes
    const at = position % SIZES.segmentBytes
    bytes?.writeUInt8((bytes[at] ?? 0) ^ (1 << prng.below(8)), at)
  }
  for (const { file, bytes } of files) writeFileSync(file, bytes)
}

async function reopen(name: string, peer: LogStore): Promise<LogStore> {
  const repair = repairFrom(sourceOf(undefined, serveOf(peer)))
  const options = { clock: new RealClock(), create: false, repair, ...SIZES }
  return LogStore.open(await diskOf(name), options, new QuietLogger())
}

test.each([1, 2])(
  'in 500 records of a stopped member are all found and repaired by its start (seed %i)',
  async (seed) => {
    const peer = await fill('peer')
    const made = await fill('member')
    await made.close()
    const sound = hashOf('member')
    flipBits('member', peer, seed)
    expect(hashOf('member')).not.toBe(sound)
    const log = await reopen('member', peer)
    expect(hashOf('member')).toBe(sound)
    expect(log.lastIndex).toBe(RECORDS)
    // Neighbours that are damaged too are repaired with one answer of a peer.
    expect(log.care.damage.repaired).toBeGreaterThan(FLIPS / 2)
    expect(log.care.doubtTerm).toBeNull()
    await log.close()
    await peer.close()
  },
  60_000,
)

test('in 500 records of a running member are all found and repaired by one reading of its log', async () => {
  const peer = await fill('peer')
  await (await fill('member')).close()
  const sound = hashOf('member')
  const log = await reopen('member', peer)
  log.care.knowCommitted(() => log.lastIndex)
  flipBits('member', peer, 3)
  for (let next = logIndex(1); ; ) {
    const checked = await log.care.check(next, 1 << 18)
    if (checked === null) break
    expect(checked.sound).toBe(true)
    next = checked.next
  }
  expect(log.care.damage).toEqual({ found: FLIPS, repaired: FLIPS, open: 0 })
  expect(hashOf('member')).toBe(sound)
  await log.close()
  await peer.close()
}, 60_000)
