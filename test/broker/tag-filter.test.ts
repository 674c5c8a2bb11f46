import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { ALL_MESSAGES, parseTagFilter, TagFilter, tagHash } from '../../src/broker/tag-filter.ts'
import { storedFor } from '../support/stored.ts'

function tagsOf(expression: string): readonly string[] | 'all' | 'illegal' {
  const filter = parseTagFilter(expression)
  if (filter === undefined) return 'illegal'
  return filter instanceof TagFilter ? [...filter.tags] : 'all'
}

// As RocketMQ's FilterAPI splits them; an expression of nothing but separators is refused.
test.each([
  ['', 'all'],
  ['*', 'all'],
  [' * ', 'all'],
  ['a', ['a']],
  [' a ', ['a']],
  ['a||b', ['a', 'b']],
  ['a || b', ['a', 'b']],
  ['\ta ||\nb ', ['a', 'b']],
  ['a || a', ['a']],
  ['|| a ||', ['a']],
  ['a || || b', ['a', 'b']],
  ['a b || c', ['a b', 'c']],
  ['a | b', ['a | b']],
  ['A || a', ['A', 'a']],
  ['a || *', ['a', '*']],
  ['   ', 'illegal'],
  ['||', 'illegal'],
  [' || || ', 'illegal'],
])('%j asks for %j', (expression, wanted) => {
  expect(tagsOf(expression)).toEqual(wanted)
})

test('a filter compares the hash, then the tag itself', () => {
  const filter = new TagFilter(['a', 'b'])
  expect(filter.mayMatch(tagHash(utf8('a')))).toBe(true)
  expect(filter.mayMatch(tagHash(utf8('c')))).toBe(false)
  expect(filter.mayMatch(0)).toBe(false)
  expect(filter.matches(storedFor({ tag: 'b' }))).toBe(true)
  expect(filter.matches(storedFor({ tag: 'B' }))).toBe(false)
  expect(filter.matches(storedFor({}))).toBe(false)
  expect(filter.matches(new Uint8Array(10))).toBe(false)
})

test('everything matches the filter that takes all', () => {
  expect(ALL_MESSAGES.mayMatch(0)).toBe(true)
  expect(ALL_MESSAGES.matches(storedFor({}))).toBe(true)
})
