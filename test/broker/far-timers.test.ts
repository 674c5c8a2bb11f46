/** The driver of timers by itself, over times that a whole member does not live through in a test. */
import { beforeEach, expect, test } from 'vitest'
import { type Millis, millis } from '../../src/base/brand.ts'
import { DELAY_MS_MAX } from '../../src/base/limits.ts'
import { BrokerMachine, encodeCommand } from '../../src/broker/machine/index.ts'
import { TimerDriver } from '../../src/broker/timer-driver.ts'
import { TimerMetrics } from '../../src/broker/timer-metrics.ts'
import { ManualClock, QuietLogger, settle } from '../support/manual-clock.ts'
import { delayedMessage, sendOf } from './machine/support/messages.ts'
import { InstantLog } from '../support/instant-log.ts'

const DAY_MS = 24 * 3600_000
/** What the timers of Node take: 24.8 days. Longer ones end at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

class WatchedClock extends ManualClock {
  longest = 0

  override timer(ms: number, run: () => void): () => void {
    this.longest = Math.max(this.longest, ms)
    return super.timer(ms, run)
  }
}

let clock: WatchedClock
let machine: BrokerMachine
let log: InstantLog
let driver: TimerDriver
const metrics = new TimerMetrics()

function now(): Millis {
  return millis(Math.max(machine.now, clock.wall()))
}

function lead(): void {
  driver?.stop()
  driver = new TimerDriver({ view: machine, log, clock, logger: new QuietLogger(), metrics, now })
  log.onEffects = ({ timersMade }) => driver.made(timersMade)
  driver.start()
}

async function pass(ms: number, stepMs: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(Math.min(stepMs, ms - passed))
    await settle()
    await settle()
  }
}

async function sendLater(id: number, laterMs: number): Promise<void> {
  await log.propose(encodeCommand(sendOf(1, [delayedMessage(id, clock.wall() + laterMs)])))
}

function arrived(): number | undefined {
  return machine.queue(1)?.nextOffset
}

beforeEach(async () => {
  clock = new WatchedClock()
  machine = BrokerMachine.withWindows({ dedupeIdsMax: 1 << 14, requestsMax: 128 })
  log = new InstantLog(machine, now)
  await log.propose(encodeCommand({ type: 'createTopic', name: 'far', messageType: 3, queueCount: 1 }))
  lead()
})

test('a message that waits 40 days comes when it is due, and no timer of Node is longer than it can be', async () => {
  await sendLater(1, DELAY_MS_MAX)
  await sendLater(2, 25 * DAY_MS)
  await pass(25 * DAY_MS - 60_000, 600_000)
  expect(arrived()).toBe(0)
  await pass(60_000, 50)
  await pass(100, 10)
  expect(arrived()).toBe(1)
  await pass(15 * DAY_MS - 60_000 - 100, 600_000)
  await pass(59_990, 50)
  expect(arrived()).toBe(1)
  await pass(110, 10)
  expect(arrived()).toBe(2)
  expect(clock.longest).toBeLessThanOrEqual(TIMER_MS_MAX)
  expect(clock.longest).toBeGreaterThan(0)
})

test('log time moves on while a message waits, so that a new leader goes on from nearly there', async () => {
  await sendLater(1, 10 * DAY_MS)
  await pass(DAY_MS, 600_000)
  expect(clock.wall() - machine.now).toBeLessThanOrEqual(600_000)
  await pass(9 * DAY_MS - 30_000, 600_000)
  await pass(20_000, 100)
  expect(clock.wall() - machine.now).toBeLessThanOrEqual(2_100)
})

test('while nothing waits, nothing is written', async () => {
  await sendLater(1, 1_000)
  await pass(2_000, 50)
  expect(arrived()).toBe(1)
  const before = machine.appliedIndex
  await pass(DAY_MS, 600_000)
  expect(machine.appliedIndex).toBe(before)
})

test('a leader that takes over finds what waits, in memory or in the table, and no message comes twice', async () => {
  for (let id = 1; id <= 300; id++) await sendLater(id, 10 * id)
  for (let turn = 0; turn < 40; turn++) {
    await pass(75, 25)
    lead()
  }
  await pass(500, 25)
  expect(arrived()).toBe(300)
  expect(machine.timers.count).toBe(0)
})
