import { describe, expect, test } from 'vitest'
import { compileSql } from '../../../src/broker/sql/evaluate.ts'
import { parseSql } from '../../../src/broker/sql/parse.ts'
import { SqlFault } from '../../../src/broker/sql/tree.ts'
import { textOf } from '../../support/tree.ts'

/** One row of the table: an expression, a message's properties and what the expression is for them. */
interface Row {
  readonly sql: string
  readonly properties: Readonly<Record<string, string>>
  /** `null` is NULL; an `error` matches nothing; what is `illegal` is refused. */
  readonly is: boolean | null | 'error' | 'illegal'
  /** What RocketMQ does, where this differs from it. */
  readonly rocketmq?: string
}

const rows = JSON.parse(textOf('test/broker/sql/sql-conformance.json')) as readonly Row[]

function outcomeOf({ sql, properties }: Row): Row['is'] {
  try {
    const { names, evaluate } = compileSql(parseSql(sql))
    const truth = evaluate(names.map((name) => properties[name] || null))
    return truth === undefined ? 'error' : truth
  } catch (error) {
    if (error instanceof SqlFault) return 'illegal'
    throw error
  }
}

describe('an SQL filter is for a message what it is with RocketMQ', () => {
  test.each(rows.map((row) => [row.sql, JSON.stringify(row.properties), row] as const))(
    '%j with %s',
    (_sql, _properties, row) => {
      expect(outcomeOf(row)).toBe(row.is)
    },
  )

  test('in a table of at least 150 rows, each once, and the few differences are said', () => {
    expect(rows.length).toBeGreaterThanOrEqual(150)
    const keys = rows.map(({ sql, properties }) => JSON.stringify([sql, properties]))
    expect(new Set(keys).size).toBe(rows.length)
    expect(rows.filter((row) => row.rocketmq !== undefined).length).toBeLessThan(15)
  })
})
