import { expect, test } from 'vitest'
import { textOf } from '../../support/tree.ts'

test('the parser is what the grammar makes', async () => {
  const script = new URL('../../../scripts/sql-parser.mjs', import.meta.url).href
  const { sqlParserOf } = (await import(script)) as { sqlParserOf: (grammar: string) => string }
  const made = sqlParserOf(textOf('src/broker/sql/sql.peggy'))
  expect(textOf('src/broker/sql/sql-parser.ts') === made, 'run: node scripts/sql-parser.mjs').toBe(true)
})
