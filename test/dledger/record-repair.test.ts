/** Repair while a log is in use: a read answers from a repaired copy, and never with wrong bytes. */
import { expect, test } from 'vitest'
import { logIndex } from '../../src/base/brand.ts'
import { utf8Text } from '../../src/base/bytes.ts'
import { BrokerError } from '../../src/base/errors.ts'
import type { LogStore } from '../../src/dledger/log-store.ts'
import { RECORD_HEADER_BYTES } from '../../src/dledger/record-codec.ts'
import { append, bodyOf, contentOf, openLog, prepare, segmentsOf } from '../support/log-harness.ts'
import { openRepairing, serveOf, type Serve, sourceOf } from '../support/log-peers.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { SimDisk, SimDiskError } from '../support/sim-disk.ts'

const FIRST = 'log/00000000000000000000.segment'

/** Two equal logs on disks of their own: one repairs itself from the other. Everything is committed. */
async function pair(): Promise<{ disk: SimDisk; log: LogStore; peer: LogStore; clock: ManualClock }> {
  const disk = new SimDisk()
  const made = await openLog(disk, { create: true })
  for (let i = 0; i < 12; i++) await append(made, 1, [bodyOf(`m${i}`, 800)])
  await made.close()
  const peer = await openLog(disk.copy())
  const clock = new ManualClock()
  const log = await openRepairing(disk, sourceOf(serveOf(peer)), { clock })
  log.care.knowCommitted(() => log.lastIndex)
  return { disk, log, peer, clock }
}

function flip(disk: SimDisk, offset: number): void {
  disk.edit(FIRST, (bytes) => {
    bytes[offset] = (bytes[offset] ?? 0) ^ 4
    return bytes
  })
}

test.each([5, 36, 50, 63, 64, 500, 864 + 30])(
  'a consumer’s read of a record with a flipped bit at %i is answered from a repaired copy',
  async (offset) => {
    const { disk, log } = await pair()
    const sound = segmentsOf(disk)
    flip(disk, offset)
    const index = logIndex(offset < 864 ? 1 : 2)
    const position = log.positionOf(index) + RECORD_HEADER_BYTES
    const bytes = await log.readBytes(position as typeof log.end, 800)
    expect(utf8Text(bytes)).toBe(`m${index - 1}`.padEnd(800, '.'))
    expect(segmentsOf(disk)).toEqual(sound)
    expect(log.care.damage).toEqual({ found: 1, repaired: 1, open: 0 })
  },
)

test('an append for a peer that is behind is read from repaired records', async () => {
  const { disk, log, peer } = await pair()
  for (const at of [100, 1000, 1900]) flip(disk, at)
  const all = await log.readRecords(logIndex(1), logIndex(8), 1 << 20)
  expect(Buffer.from(all)).toEqual(Buffer.from(await peer.readRecords(logIndex(1), logIndex(8), 1 << 20)))
  expect(log.care.damage).toEqual({ found: 3, repaired: 3, open: 0 })
})

test('many readers of one damaged record have it repaired once', async () => {
  const { disk, log } = await pair()
  flip(disk, 100)
  await Promise.all(Array.from({ length: 20 }, () => log.readBody(logIndex(1))))
  expect(log.care.damage).toEqual({ found: 1, repaired: 1, open: 0 })
})

test('a sector that cannot be read is written anew', async () => {
  const { disk, log } = await pair()
  let broken = true
  disk.hook = ({ kind, path }) => {
    if (path !== FIRST) return
    if (kind === 'write') broken = false
    if (kind === 'read' && broken) throw new SimDiskError('EIO')
  }
  expect(utf8Text(await log.readBody(logIndex(1)))).toBe('m0'.padEnd(800, '.'))
})

test('a record that is whole but another one is not written: the next peer is asked', async () => {
  const { disk, log, peer } = await pair()
  const sound = segmentsOf(disk)
  await log.close()
  const other: Serve = async (_, bytesMax) => serveOf(peer)(logIndex(2), bytesMax)
  const again = await openRepairing(disk, sourceOf(other, serveOf(peer)))
  again.care.knowCommitted(() => again.lastIndex)
  flip(disk, 100)
  expect(utf8Text(await again.readBody(logIndex(1)))).toBe('m0'.padEnd(800, '.'))
  expect(segmentsOf(disk)).toEqual(sound)
})

test('a repair that the disk does not give back is made again', async () => {
  const { disk, log, clock } = await pair()
  let writes = 0
  disk.hook = ({ kind, path }) => {
    if (path !== FIRST) return
    if (kind === 'write') writes++
    if (kind === 'read' && writes < 2) throw new SimDiskError('EIO')
  }
  const body = log.readBody(logIndex(1))
  body.catch(() => undefined)
  for (let i = 0; i < 20; i++) {
    await settle()
    clock.advance(100)
  }
  expect(utf8Text(await body)).toBe('m0'.padEnd(800, '.'))
  expect(log.care.damage).toEqual({ found: 1, repaired: 1, open: 0 })
})

test('a record that no peer can give stays an error, and the next read tries again', async () => {
  const { disk, log, peer, clock } = await pair()
  await log.close()
  let answers: Serve = () => Promise.reject(new BrokerError('NO_LEADER', 'not connected'))
  const source = sourceOf((first, bytesMax) => answers(first, bytesMax))
  const again = await openRepairing(disk, source, { clock })
  again.care.knowCommitted(() => again.lastIndex)
  flip(disk, 100)
  const failed = again.readBody(logIndex(1)).then(
    () => undefined,
    (error: unknown) => error,
  )
  for (let i = 0; i < 60; i++) {
    await settle()
    clock.advance(200)
  }
  expect(await failed).toMatchObject({ code: 'DATA_DAMAGED' })
  answers = serveOf(peer)
  expect(utf8Text(await again.readBody(logIndex(1)))).toBe('m0'.padEnd(800, '.'))
  expect(again.care.damage).toEqual({ found: 1, repaired: 1, open: 0 })
})

test('what is not committed is not repaired: a cut may come at any time', async () => {
  const { disk, log } = await pair()
  log.care.knowCommitted(() => logIndex(1))
  flip(disk, 1000)
  await expect(log.readBody(logIndex(2))).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  flip(disk, 100)
  expect(utf8Text(await log.readBody(logIndex(1)))).toBe('m0'.padEnd(800, '.'))
})

test('a repair that the disk does not take stops the log for good', async () => {
  const { disk, log } = await pair()
  flip(disk, 100)
  disk.hook = ({ kind }) => {
    if (kind === 'sync') throw new SimDiskError('EIO')
  }
  await expect(log.readBody(logIndex(1))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  disk.hook = undefined
  await expect(log.readBody(logIndex(5))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
})

test('a peer is told only what is durable, sound and whole, and never waits for a repair here', async () => {
  const { disk, log } = await pair()
  flip(disk, 1000)
  const { records, commitIndex } = await log.care.serve(logIndex(1), 1 << 20)
  expect(commitIndex).toBe(12)
  expect(records.byteLength).toBe(864)
  await expect(log.care.serve(logIndex(2), 1)).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
  expect((await log.care.serve(logIndex(3), 1)).records.byteLength).toBe(864)
  expect((await log.care.serve(logIndex(13), 1)).records.byteLength).toBe(0)
  // In memory and not on the disk yet.
  prepare(log, 1, [bodyOf('m12', 800)])
  log.care.knowCommitted(() => log.lastIndex)
  expect(await log.care.serve(logIndex(13), 1)).toMatchObject({ commitIndex: 12, records: { byteLength: 0 } })
  expect(log.care.damage.found).toBe(0)
  expect(await contentOf(log)).toHaveLength(13)
})
