import { expect, test } from 'vitest'
import { Semaphore } from '../../src/store/semaphore.ts'
import { settle } from '../support/manual-clock.ts'

test('no more calls run at once than the limit, and the others follow in order', async () => {
  const semaphore = new Semaphore(2)
  const started: number[] = []
  const finish: (() => void)[] = []
  const runs = [0, 1, 2, 3].map((i) =>
    semaphore.run(async () => {
      started.push(i)
      await new Promise<void>((resolve) => finish.push(resolve))
      return i
    }),
  )
  await settle()
  expect(started).toEqual([0, 1])
  finish[0]?.()
  await settle()
  expect(started).toEqual([0, 1, 2])
  finish[1]?.()
  finish[2]?.()
  await settle()
  finish[3]?.()
  expect(await Promise.all(runs)).toEqual([0, 1, 2, 3])
})

test('a call that fails gives its place free', async () => {
  const semaphore = new Semaphore(1)
  await expect(semaphore.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await semaphore.run(() => Promise.resolve('yes'))).toBe('yes')
})
