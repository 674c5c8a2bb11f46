import { expect, test, vi } from 'vitest'
import { RealClock } from '../../src/store/real-clock.ts'

const clock = new RealClock()
const never = new AbortController().signal

test('monotonic time goes on, wall time is the time of day', async () => {
  const before = clock.mono()
  await clock.sleep(2, never)
  expect(clock.mono()).toBeGreaterThan(before)
  expect(Math.abs(clock.wall() - Date.now())).toBeLessThan(1000)
})

test('a jump of the wall clock moves neither monotonic time nor a timer', async () => {
  const before = clock.mono()
  const jumped = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 24 * 3_600_000)
  try {
    let runs = 0
    const cancel = clock.timer(60_000, () => runs++)
    await clock.sleep(2, never)
    expect(clock.mono() - before).toBeLessThan(60_000)
    expect(runs).toBe(0)
    cancel()
  } finally {
    jumped.mockRestore()
  }
})

test('a sleep that is aborted rejects with the reason', async () => {
  const stop = new AbortController()
  const sleeping = clock.sleep(60_000, stop.signal)
  const reason = new Error('enough')
  stop.abort(reason)
  await expect(sleeping).rejects.toBe(reason)
  await expect(clock.sleep(1, stop.signal)).rejects.toBe(reason)
})

test('a timer runs once, a cancelled one never', async () => {
  let runs = 0
  clock.timer(1, () => runs++)
  const cancel = clock.timer(1, () => {
    runs += 100
  })
  cancel()
  await clock.sleep(20, never)
  expect(runs).toBe(1)
})
