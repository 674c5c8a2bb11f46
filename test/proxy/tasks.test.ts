import { expect, test } from 'vitest'
import { BrokerError } from '../../src/base/errors.ts'
import { Tasks } from '../../src/proxy/tasks.ts'
import { QuietLogger } from '../support/manual-clock.ts'

test('work that fails is over all the same, and idle waits for all', async () => {
  const tasks = new Tasks(new QuietLogger())
  let finish: () => void = () => undefined
  tasks.add(Promise.reject(new BrokerError('BUSY', 'full')), 'not done')
  tasks.add(new Promise<void>((resolve) => (finish = resolve)), 'not done')
  expect(tasks.size).toBe(2)
  let idle = false
  const waiting = tasks.idle().then(() => (idle = true))
  await new Promise((resolve) => setImmediate(resolve))
  expect([idle, tasks.size]).toEqual([false, 1])
  finish()
  await waiting
  expect(tasks.size).toBe(0)
})
