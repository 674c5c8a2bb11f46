import { expect, test } from 'vitest'
import { logIndex } from '../../src/base/brand.ts'
import { AppliedWaiters } from '../../src/dledger/applied-waiters.ts'

test('who waits is answered once everything up to the entry is applied', async () => {
  const waiters = new AppliedWaiters()
  const answered: number[] = []
  const { signal } = new AbortController()
  const waits = [3, 5].map((index) => waiters.wait(logIndex(index), signal).then(() => answered.push(index)))
  waiters.advanced(logIndex(4))
  await waits[0]
  expect(answered).toEqual([3])
  waiters.advanced(logIndex(5))
  await Promise.all(waits)
  expect(answered).toEqual([3, 5])
})

test('who gives up hears that the outcome is unknown', async () => {
  const waiters = new AppliedWaiters()
  const aborter = new AbortController()
  const waiting = waiters.wait(logIndex(3), aborter.signal)
  aborter.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'unknown' })
  await expect(waiters.wait(logIndex(3), aborter.signal)).rejects.toMatchObject({ code: 'TIMEOUT' })
})
