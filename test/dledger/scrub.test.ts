/** The scrub: a whole pass in a period, at a bounded rate, with what is damaged repaired and told. */
import { expect, test } from 'vitest'
import { type LogIndex, logIndex } from '../../src/base/brand.ts'
import { SCRUB_BYTES_PER_SECOND_MAX } from '../../src/base/limits.ts'
import type { LogStore } from '../../src/dledger/log-store.ts'
import { type CheckedRecords, Scrub, type ScrubbedLog } from '../../src/dledger/scrub.ts'
import { append, bodyOf, openLog, segmentsOf } from '../support/log-harness.ts'
import { openRepairing, serveOf, sourceOf } from '../support/log-peers.ts'
import { ManualClock, QuietLogger, settle } from '../support/manual-clock.ts'
import { SimDisk } from '../support/sim-disk.ts'

const PERIOD_MS = 100_000
const RECORD_BYTES = 100_000

/** A log of this many equal records. Remembers when what was read. */
class CountedLog implements ScrubbedLog {
  readonly read: { readonly at: number; readonly index: number }[] = []
  records: number
  readonly #clock: ManualClock

  constructor(records: number, clock: ManualClock) {
    this.records = records
    this.#clock = clock
  }

  get bytes(): number {
    return this.records * RECORD_BYTES
  }

  async check(first: LogIndex, bytesMax: number): Promise<CheckedRecords | null> {
    await Promise.resolve()
    if (first > this.records) return null
    const count = Math.min(Math.max(1, Math.floor(bytesMax / RECORD_BYTES)), this.records - first + 1)
    for (let at = 0; at < count; at++) this.read.push({ at: this.#clock.mono(), index: first + at })
    return { next: logIndex(first + count), bytes: count * RECORD_BYTES, sound: true }
  }
}

async function run(clock: ManualClock, ms: number, stepMs = 500): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(stepMs)
    for (let i = 0; i < 4; i++) await settle()
  }
}

test('a pass reads every record once in its period, evenly, and the next one begins anew', async () => {
  const clock = new ManualClock()
  const log = new CountedLog(200, clock)
  const scrub = new Scrub({ log, periodMs: PERIOD_MS, clock, logger: new QuietLogger() })
  const stop = new AbortController()
  const running = scrub.run(stop.signal)
  await run(clock, PERIOD_MS / 2)
  expect(log.read.length).toBeGreaterThan(90)
  expect(log.read.length).toBeLessThan(110)
  expect(scrub.state).toMatchObject({ passes: 0, bytes: log.read.length * RECORD_BYTES })
  await run(clock, PERIOD_MS / 2 + 2_000)
  expect(scrub.state.passes).toBe(1)
  expect(log.read.slice(0, 200).map(({ index }) => index)).toEqual(
    Array.from({ length: 200 }, (_, n) => n + 1),
  )
  await run(clock, PERIOD_MS)
  expect(scrub.state.passes).toBe(2)
  stop.abort()
  await run(clock, 2_000)
  await running
})

test('never reads faster than its bound, even when the period is too short for the log', async () => {
  const clock = new ManualClock()
  const log = new CountedLog(5_000, clock)
  const scrub = new Scrub({ log, periodMs: 1, clock, logger: new QuietLogger() })
  const stop = new AbortController()
  const running = scrub.run(stop.signal)
  await run(clock, 10_000, 2)
  const bytes = log.read.length * RECORD_BYTES
  expect(bytes).toBeGreaterThan(5 * SCRUB_BYTES_PER_SECOND_MAX)
  expect(bytes).toBeLessThanOrEqual(10.5 * SCRUB_BYTES_PER_SECOND_MAX)
  stop.abort()
  await run(clock, 2_000)
  await running
})

test('a log that grows while it is scrubbed is read to its end of then', async () => {
  const clock = new ManualClock()
  const log = new CountedLog(10, clock)
  const scrub = new Scrub({ log, periodMs: PERIOD_MS, clock, logger: new QuietLogger() })
  const stop = new AbortController()
  const running = scrub.run(stop.signal)
  await run(clock, PERIOD_MS - 5_000)
  log.records = 60
  await run(clock, 25_000)
  expect(scrub.state.passes).toBe(1)
  expect(log.read.length).toBeGreaterThanOrEqual(60)
  stop.abort()
  await run(clock, 2_000)
  await running
})

async function damagedPair(): Promise<{ disk: SimDisk; sound: unknown; log: LogStore }> {
  const disk = new SimDisk()
  const made = await openLog(disk, { create: true })
  for (let i = 0; i < 12; i++) await append(made, 1, [bodyOf(`m${i}`, 800)])
  await made.close()
  const peer = await openLog(disk.copy())
  const log = await openRepairing(disk, sourceOf(serveOf(peer)))
  log.care.knowCommitted(() => log.lastIndex)
  const sound = segmentsOf(disk)
  for (const [path] of segmentsOf(disk)) {
    disk.edit(path, (bytes) => {
      for (let at = 70; at < bytes.byteLength; at += 864) bytes[at] = (bytes[at] ?? 0) ^ 1
      return bytes
    })
  }
  return { disk, sound, log }
}

async function scrubOnce(log: LogStore): Promise<QuietLogger> {
  const clock = new ManualClock()
  const logger = new QuietLogger()
  const scrub = new Scrub({ log: log.care, periodMs: 1_000, clock, logger })
  const stop = new AbortController()
  const running = scrub.run(stop.signal)
  for (let i = 0; i < 100 && scrub.state.passes === 0; i++) {
    clock.advance(100)
    for (let turn = 0; turn < 40; turn++) await settle()
  }
  stop.abort()
  clock.advance(10_000)
  await running
  expect(scrub.state.passes).toBe(1)
  return logger
}

test('finds and repairs what rots while nobody reads it', async () => {
  const { disk, sound, log } = await damagedPair()
  await scrubOnce(log)
  expect(log.care.damage).toEqual({ found: 12, repaired: 12, open: 0 })
  expect(segmentsOf(disk)).toEqual(sound)
})

test('a member without others finds damage, tells it, and goes on behind it', async () => {
  const { disk } = await damagedPair()
  const whole = new SimDisk()
  const made = await openLog(whole, { create: true })
  for (let i = 0; i < 12; i++) await append(made, 1, [bodyOf(`m${i}`, 800)])
  made.care.knowCommitted(() => made.lastIndex)
  for (const [path] of segmentsOf(whole)) whole.edit(path, () => disk.bytesOf(path))
  await scrubOnce(made)
  expect(made.care.damage).toEqual({ found: 12, repaired: 0, open: 12 })
})
