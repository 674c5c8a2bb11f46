/**
 * `node scripts/sql-parser.mjs`: makes src/broker/sql/sql-parser.ts out of sql.peggy beside it. A test compares them,
 * so that neither is changed without the other.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import peggy from 'peggy'

const GRAMMAR = new URL('../src/broker/sql/sql.peggy', import.meta.url)
const PARSER = new URL('../src/broker/sql/sql-parser.ts', import.meta.url)
const HEAD = `/**
 * The parser of SQL filters. Generated from sql.peggy by scripts/sql-parser.mjs: not to be changed here.
 */
// @ts-nocheck
/* oxlint-disable */
`

/** The parser for a grammar, as it stands in the file. */
export function sqlParserOf(grammar) {
  const source = peggy.generate(grammar, { output: 'source', format: 'es' })
  return HEAD + source.replace(/^\/\/ @generated[^]*?\n\n/, '')
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  writeFileSync(PARSER, sqlParserOf(readFileSync(GRAMMAR, 'utf8')))
}
