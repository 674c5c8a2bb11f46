import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileSql } from '../../../src/broker/sql/evaluate.ts'
import { parseSql } from '../../../src/broker/sql/parse.ts'
import { SqlFault, type TruthNode } from '../../../src/broker/sql/tree.ts'
import { expressions, naively, propertySets, sqlOf } from './naive.ts'

function faultOf(sql: string): SqlFault {
  try {
    parseSql(sql)
  } catch (error) {
    if (error instanceof SqlFault) return error
    throw error
  }
  throw new Error(`it is legal: ${sql}`)
}

describe('what is no filter is refused with its place', () => {
  test.each([
    ['', 0, 'the filter ends too early'],
    ['a = ', 4, 'the filter ends too early'],
    ['a = 5 b', 6, '"b" is not expected here'],
    ['a LIKE 1', 2, '"LIKE" is not expected here'],
    ["a = 'x", 6, 'the filter ends too early'],
    ['a == 5', 3, '"=" is not expected here'],
    ['a = 1 AND b = NULL', 12, 'nothing equals NULL, use IS NULL or IS NOT NULL'],
    ['a = TRUE OR b > TRUE', 14, 'TRUE has no order'],
    ["a > 'x'", 2, 'a text has no order'],
    ["NOT a IN ('x')", 6, 'IN takes a property, not a condition'],
    ['a between 10 and 1', 2, 'the first bound of BETWEEN is above the second'],
    ['a = 9223372036854775808', 4, 'the integer has more than 64 bits'],
    ['a = 1e999', 4, 'the number is out of range'],
    ["'x'", 0, 'a text is neither true nor false'],
    ['a = 😀', 4, '"😀" is not expected here'],
  ])('%j at %i: %s', (sql, at, message) => {
    expect({ at: faultOf(sql).at, message: faultOf(sql).message }).toEqual({ at, message })
  })
})

describe('the cost of a filter is bounded', () => {
  const many = (count: number, part: string, between: string): string =>
    Array.from({ length: count }, () => part).join(between)

  test.each([
    ['characters', `a = '${'x'.repeat(16_378)}'`, `a = '${'x'.repeat(16_379)}'`],
    ['parentheses', `${'('.repeat(64)}a${')'.repeat(64)}`, `${'('.repeat(65)}a${')'.repeat(65)}`],
    ['operands', many(256, 'a=1', ' OR '), `${many(256, 'a=1', ' OR ')} OR a`],
    ['signs', `${'NOT '.repeat(511)}a`, `${'NOT '.repeat(512)}a`],
    ['texts of IN', `a IN (${many(1024, "'x'", ',')})`, `a IN (${many(1025, "'x'", ',')})`],
  ])('by its %s', (_, most, tooMuch) => {
    expect(compileSql(parseSql(most)).evaluate(['1'])).toBeDefined()
    expect(faultOf(tooMuch)).toBeInstanceOf(SqlFault)
  })

  test('parentheses side by side do not add up', () => {
    expect(parseSql(many(100, '(a = 1)', ' AND ')).type).toBe('all')
  })

  test('whatever the text is made of, reading it takes time in proportion', () => {
    const parts = [
      '(',
      ')',
      'NOT ',
      '-',
      "'",
      "''",
      '--',
      '/*',
      '*/',
      '1',
      '1.',
      'e',
      ' AND ',
      ' OR ',
      'a',
      '=',
    ]
    const text = fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(text, (pattern) => {
        const sql = pattern.join('').repeat(3_000).slice(0, 16_000)
        const began = performance.now()
        legalOrNot(sql)
        expect(performance.now() - began).toBeLessThan(1_000)
      }),
      { numRuns: 25 },
    )
  })
})

function legalOrNot(sql: string): TruthNode | SqlFault {
  try {
    return parseSql(sql)
  } catch (error) {
    if (error instanceof SqlFault) return error
    throw error
  }
}

test('no text makes the parser fail otherwise than with a place in the text', () => {
  const words = fc.constantFrom(
    ..."a|b|NOT|AND|OR|BETWEEN|IN|TRUE|FALSE|NULL|IS|CONTAINS|STARTSWITH|ENDSWITH|1|2.5|1e9|'x'|'|(|)|,|=|<>|<|>|>=|+|-|--|/*|\n|é".split(
      '|',
    ),
  )
  const texts = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.array(words, { maxLength: 30 }).map((list) => list.join(' ')),
  )
  fc.assert(
    fc.property(texts, (sql) => {
      const result = legalOrNot(sql)
      if (!(result instanceof SqlFault)) return
      expect(result.at).toBeGreaterThanOrEqual(0)
      expect(result.at).toBeLessThanOrEqual(sql.length)
    }),
    { numRuns: 1_000 },
  )
})

test('an expression is what the slow evaluator says', () => {
  fc.assert(
    fc.property(expressions, propertySets, (expression, properties) => {
      const { names, evaluate } = compileSql(parseSql(sqlOf(expression)))
      const truth = evaluate(names.map((name) => properties[name] ?? null))
      expect(truth === undefined ? 'error' : truth).toBe(naively(expression, properties))
    }),
    { numRuns: 1_000 },
  )
})
