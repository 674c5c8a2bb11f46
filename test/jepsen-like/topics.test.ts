import { expect, test } from 'vitest'
import { checkTopics } from '../../jepsen-like/checkers/topics.ts'
import { History, type Operation } from '../../jepsen-like/history.ts'

function story(...steps: readonly (readonly [Operation, 'ok' | 'fail' | 'info'])[]): History {
  const history = new History(() => 0)
  for (const [operation, end] of steps) {
    const ref = history.invoke(1, operation)
    if (end === 'ok') history.ok(1, ref)
    else history[end](1, ref, 'because')
  }
  return history
}

const create = { f: 'create', key: 't' } as const
const use = { f: 'use', key: 't' } as const
const find = (member: number): Operation => ({ f: 'find', key: 't', member })

test('topics that were created, used and found on every member are true', () => {
  const { events } = story([create, 'ok'], [use, 'ok'], [find(1), 'ok'], [find(2), 'ok'])
  expect(checkTopics(events, 1)).toMatchObject({ verdict: true })
})

test('a created topic that one member does not know at the end is false', () => {
  const { events } = story([create, 'ok'], [find(1), 'ok'], [find(2), 'fail'])
  expect(checkTopics(events, 1)).toMatchObject({
    verdict: false,
    stories: ['topic t was created, yet member 2 does not know it'],
  })
})

test('a created topic that a send does not find is false, one that cannot be reached is not', () => {
  expect(checkTopics(story([create, 'ok'], [use, 'fail'], [find(1), 'ok']).events, 1).verdict).toBe(false)
  expect(checkTopics(story([create, 'ok'], [use, 'info'], [find(1), 'ok']).events, 1).verdict).toBe(true)
})

test('a topic of unknown outcome may be there or not', () => {
  const { events } = story([create, 'info'], [find(1), 'fail'])
  expect(checkTopics(events, 0)).toMatchObject({ verdict: true })
})

test('topics that nobody could look for, or too few, are unknown', () => {
  expect(checkTopics(story([create, 'ok'], [find(1), 'info']).events, 1).verdict).toBe('unknown')
  expect(checkTopics(story([create, 'ok'], [find(1), 'ok']).events, 2).verdict).toBe('unknown')
})
