/** The judges of the interop runs notice what they are there for, and the documents say what the data says. */
import { expect, test } from 'vitest'
import { textOf } from '../support/tree.ts'
import type { Received } from './driver/agent.ts'
import { mustBeOnce } from './driver/case.ts'
import { doneOf } from './driver/cases/fifo.ts'
import { lackOf } from './driver/features.ts'
import { tables } from './driver/results.ts'
import { Consumed } from './driver/steady.ts'

function received(body: string, more: Partial<Received> = {}): Received {
  return { ref: 1, id: body, topic: 't', body, keys: [], properties: {}, attempt: 1, at: 0, ...more }
}

test('a lost, a doubled and a strange message are told apart', () => {
  expect(() => mustBeOnce([received('a')], ['a'], 'x')).not.toThrow()
  expect(() => mustBeOnce([received('a')], ['a', 'b'], 'x')).toThrow('lost 1 (b)')
  expect(() => mustBeOnce([received('a'), received('a')], ['a'], 'x')).toThrow('more than once 1 (a)')
  expect(() => mustBeOnce([received('a'), received('c')], ['a'], 'x')).toThrow('nobody sent 1 (c)')
})

test('in order is what comes after all before it were taken; repeats of taken ones are', () => {
  const fails = { properties: { fail: '1' } }
  expect(doneOf([received('g:0'), received('g:1'), received('g:0')], 'g')).toBe(1)
  expect(doneOf([received('g:0', fails), received('g:1')], 'g')).toBe(-2)
  expect(doneOf([received('g:0', fails), received('g:0', fails), received('g:1')], 'g')).toBe(1)
  expect(doneOf([received('g:1')], 'g')).toBe(-2)
})

test('what comes again too soon, or after its acknowledgement, is a fault', () => {
  const consumed = new Consumed('simple')
  const soon = 9_000
  consumed.add(received('late', { at: 0 }))
  consumed.add(received('late', { at: soon }))
  expect(consumed.doubled(soon)).toEqual([])
  consumed.add(received('early', { at: 0 }))
  consumed.add(received('early', { at: soon - 1 }))
  expect(consumed.doubled(soon)).toEqual(['early after 8999 ms as attempt 1'])
  consumed.add(received('acked', { at: 0 })).ackedAt = 5
  consumed.add(received('acked', { at: 20 * soon }))
  expect(consumed.doubled(soon)).toContain('acked after it was acknowledged')
})

test('a case that a library cannot do is left out with the library and the reason', () => {
  expect(lackOf('rust', 'rocketmq 5.0.0', ['push'])).toMatch(/^rocketmq 5\.0\.0 lacks it: /)
  expect(lackOf('java', 'x', ['push', 'recall'])).toBe('')
})

test('the documents hold the tables of the data', () => {
  const text = textOf('docs/interop.md')
  for (const table of tables().split('\n\n')) expect(text).toContain(table)
})
