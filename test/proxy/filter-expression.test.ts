import { expect, test } from 'vitest'
import { TagFilter } from '../../src/broker/tag-filter.ts'
import { filterOf } from '../../src/proxy/filter-expression.ts'
import { Code } from '../../src/rpc/apache-enums.ts'
import { codeOf } from './support/code-of.ts'

test('no expression, no type and TAG expressions are read as tags', () => {
  expect(filterOf(null).mayMatch(0)).toBe(true)
  expect(filterOf({ type: 0, expression: 'a' })).toBeInstanceOf(TagFilter)
  expect(filterOf({ type: 1, expression: 'a' })).toBeInstanceOf(TagFilter)
  expect(filterOf({ type: 1, expression: '' }).mayMatch(0)).toBe(true)
})

test.each([
  ['only separators', 1, '||'],
  ['only blanks', 1, '  '],
  ['more characters than could be meant', 1, 'x'.repeat(65_537)],
])('%s is an illegal filter', (_, type, expression) => {
  expect(codeOf(() => filterOf({ type, expression }))).toBe(Code.ILLEGAL_FILTER_EXPRESSION)
})
