/** The rules over the text of a file, on made-up files: each must be able to fail. */
import { describe, expect, test } from 'vitest'
import {
  codeOnly,
  declaresPurity,
  focusFaults,
  isTypesOnly,
  LINES_MAX,
  openingComment,
  purityFaults,
  shapeFaults,
  todoFaults,
} from './source-rules.ts'

describe('purity', () => {
  test.each([
    'await x',
    'async () => 1',
    'setTimeout(f, 1)',
    'Date.now()',
    'new Date()',
    'Math.random()',
    'performance.now()',
    'process.exit(1)',
    'globalThis.x',
    'new Promise(f)',
    "import { readFile } from 'node:fs'",
    "import { Level } from 'level'",
  ])('%s is not pure', (code) => {
    expect(purityFaults('a.ts', code)).toHaveLength(1)
  })

  test('comments and texts may speak of anything, and words may hold others', () => {
    const text =
      "// await the Date\n/* process.exit */\nconst a = 'Math.random'\nconst updateDates = candidate.process\n"
    expect(purityFaults('a.ts', text)).toEqual([])
  })

  test('a file says in its opening comment that it is pure', () => {
    expect(declaresPurity('/** Pure. Counts. */\nexport const a = 1')).toBe(true)
    expect(declaresPurity('/**\n * Counts.\n * Pure: no clock.\n */')).toBe(true)
    expect(declaresPurity('/**\n * Counts. Pure: no clock.\n */')).toBe(true)
    expect(declaresPurity('/** Counts pure things. */\n// Pure. Not here.')).toBe(false)
  })
})

describe('shape', () => {
  test('a file opens with a comment', () => {
    expect(openingComment('#!/usr/bin/env node\n/** A. */\n')).toBe('/** A. */')
    expect(shapeFaults('a.ts', "import 'x'\n/** Late. */")).toEqual(['a.ts does not open with a comment'])
  })

  test('a file is not too long', () => {
    expect(shapeFaults('a.ts', `// A.\n${'\n'.repeat(LINES_MAX - 2)}x\n`)).toEqual([])
    expect(shapeFaults('a.ts', `// A.\n${'\n'.repeat(LINES_MAX - 1)}x\n`)).toHaveLength(1)
  })

  test('exports have names, one by one', () => {
    expect(shapeFaults('a.ts', '// A.\nexport default 1')).toEqual(['a.ts has a default export'])
    expect(shapeFaults('a.ts', "// A.\nexport * from './b.ts'")).toEqual(['a.ts exports *'])
    expect(shapeFaults('a.ts', "// A.\nexport type * from './b.ts'")).toEqual(['a.ts exports *'])
    expect(shapeFaults('a.ts', '// A.\nexport const defaults = 1')).toEqual([])
  })

  test('types alone are told from code', () => {
    expect(isTypesOnly('export interface A {\n  const: 1\n}\nexport type B = A')).toBe(true)
    expect(isTypesOnly('export const a = 1')).toBe(false)
    expect(isTypesOnly('main()')).toBe(false)
  })
})

test('a test that is left out or runs alone is a fault', () => {
  expect(focusFaults('a.test.ts', 'test.only(1)\nit . skip(2)')).toHaveLength(2)
  expect(focusFaults('a.test.ts', "test.each([1])('describe.only', f)")).toEqual([])
})

test('open work names its issue', () => {
  const word = ['TO', 'DO'].join('')
  expect(todoFaults('a.ts', `// ${word}: later`)).toHaveLength(1)
  expect(todoFaults('a.ts', `// ${word}(#12): later`)).toEqual([])
})

test('code without comments, texts and patterns keeps its lines', () => {
  expect(codeOnly("a // b\n/* c\nd */ e = 'f \\' // g'\nh = /[/'\"]/.test(i)\n'x'.length / 2 / 3")).toBe(
    "a \n\n e = ''\nh = .test(i)\n''.length / 2 / 3",
  )
  expect(codeOnly('`${a} // b`')).toContain('`')
})
