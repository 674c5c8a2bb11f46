import { expect, test } from 'vitest'
import { SqlFilter } from '../../src/broker/sql/sql-filter.ts'
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
  ['an SQL text that is none', 2, 'a = '],
  ['an empty SQL text', 2, ''],
  ['an SQL text that is too long', 2, `a = '${'x'.repeat(16_384)}'`],
])('%s is an illegal filter', (_, type, expression) => {
  expect(codeOf(() => filterOf({ type, expression }))).toBe(Code.ILLEGAL_FILTER_EXPRESSION)
})

test('SQL expressions are read as such, and a fault is said with its place', () => {
  expect(filterOf({ type: 2, expression: 'a = 1' })).toBeInstanceOf(SqlFilter)
  expect(() => filterOf({ type: 2, expression: 'a = 1 AND' })).toThrow(
    'the SQL filter is illegal at character 10: the filter ends too early',
  )
})
