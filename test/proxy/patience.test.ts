import { describe, expect, test } from 'vitest'
import { OutOfTime, Patience } from '../../src/proxy/patience.ts'
import { ManualClock } from '../support/manual-clock.ts'

const never = new Promise<never>(() => undefined)

describe('waiting', () => {
  test('gives what the promise gives while there is time', async () => {
    const patience = new Patience(new ManualClock(), 100)
    expect(await patience.wait(Promise.resolve(5))).toBe(5)
    await expect(patience.wait(Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(patience.over).toBeUndefined()
    patience.close()
  })

  test('ends when the time is over', async () => {
    const clock = new ManualClock()
    const patience = new Patience(clock, 100)
    const waiting = expect(patience.wait(never)).rejects.toThrow(OutOfTime)
    clock.advance(99)
    expect([patience.over, patience.remainingMs()]).toEqual([undefined, 1])
    clock.advance(1)
    await waiting
    expect(patience.over).toBeInstanceOf(OutOfTime)
    await expect(patience.wait(never)).rejects.toThrow(OutOfTime)
  })

  test('ends when the client is gone', async () => {
    const client = new AbortController()
    const patience = new Patience(new ManualClock(), 100, client.signal)
    const waiting = expect(patience.wait(never)).rejects.toMatchObject({ code: 'CANCELLED' })
    client.abort()
    await waiting
  })

  test('ends when it is abandoned', async () => {
    const patience = new Patience(new ManualClock(), 100)
    const waiting = expect(patience.wait(never)).rejects.toMatchObject({ code: 'CLOSED' })
    patience.abandon()
    await waiting
  })

  test('for a client that was gone before ends at once', async () => {
    const patience = new Patience(new ManualClock(), 100, AbortSignal.abort())
    await expect(patience.wait(never)).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

test('the signal aborts when the time is over, whenever it is asked for', () => {
  const clock = new ManualClock()
  const patience = new Patience(clock, 100)
  const early = patience.signal
  expect(early.aborted).toBe(false)
  clock.advance(100)
  expect([early.aborted, patience.signal.aborted]).toEqual([true, true])
  const late = new Patience(clock, 100)
  clock.advance(1)
  expect(late.signal.aborted).toBe(true)
})

test('closing leaves no timer and no listener', () => {
  const clock = new ManualClock()
  const client = new AbortController()
  const patience = new Patience(clock, 100, client.signal)
  patience.close()
  client.abort()
  expect([clock.timers, patience.over]).toEqual([0, undefined])
})
