import { beforeEach, expect, test } from 'vitest'
import { BrokerError } from '../../src/base/errors.ts'
import { RECEIVERS_PARKED_MAX } from '../../src/base/limits.ts'
import { Arrivals } from '../../src/broker/arrivals.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'

const patient = new AbortController().signal
let clock: ManualClock
let arrivals: Arrivals

beforeEach(() => {
  clock = new ManualClock()
  arrivals = new Arrivals(clock)
})

/** Whether a promise is settled. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  promise.then(
    () => (done = true),
    () => (done = true),
  )
  await settle()
  return done
}

test('an arrival wakes everyone who waits for its topic and nobody else', async () => {
  const waiting = [1, 1, 2].map((topic) => arrivals.wait(topic, 1_000, patient))
  arrivals.arrived(new Set([1, 3]))
  expect(await Promise.all(waiting.map(settled))).toEqual([true, true, false])
  expect(arrivals.parked).toBe(1)
})

test('a wait ends at its time, and when its caller is gone', async () => {
  const gone = new AbortController()
  const timed = arrivals.wait(1, 1_000, patient)
  const cancelled = arrivals.wait(1, 2_000, gone.signal)
  clock.advance(999)
  expect(await settled(timed)).toBe(false)
  clock.advance(1)
  expect(await settled(timed)).toBe(true)
  expect(await settled(cancelled)).toBe(false)
  gone.abort()
  expect(await settled(cancelled)).toBe(true)
  expect(await settled(arrivals.wait(1, 2_000, gone.signal))).toBe(true)
  expect([arrivals.parked, clock.timers]).toEqual([0, 0])
})

test('who waits at a leader that leads no more is told so', async () => {
  const waiting = [1, 2].map((topic) => arrivals.wait(topic, 1_000, patient))
  arrivals.leadershipLost()
  for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'NOT_LEADER', outcome: 'none' })
  expect([arrivals.parked, clock.timers]).toEqual([0, 0])
})

test('too many who wait are refused', async () => {
  for (let i = 0; i < RECEIVERS_PARKED_MAX; i++) {
    void arrivals.wait(1, 1_000, new AbortController().signal)
  }
  await expect(arrivals.wait(1, 1_000, patient)).rejects.toBeInstanceOf(BrokerError)
  arrivals.arrived(new Set([1]))
  await expect(settled(arrivals.wait(1, 1_000, patient))).resolves.toBe(false)
})
