/** docs/pitfalls.md names a test for each pitfall: all sixty are there, and so is each test. */
import { expect, test } from 'vitest'
import { has, textOf } from './support/tree.ts'

const ROWS = textOf('docs/pitfalls.md')
  .split('\n')
  .flatMap((line) => {
    const [, number = '', , tests = ''] = line.split('|').map((cell) => cell.trim())
    return /^\d+$/.test(number) ? [{ number: Number(number), tests }] : []
  })

/** `path` › words of a describe › name of a test */
const REFERENCE = /`(test\/[^`]+)`((?: › [^›<|]+)*)/g

/** The files and names that a cell tells and that are not there. */
function missing(cell: string): string[] {
  return [...cell.matchAll(REFERENCE)].flatMap(([, path = '', names = '']) => {
    if (!has(path)) return [path]
    const text = textOf(path)
    const wanted = names.split(' › ').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]))
    return wanted.flatMap((name) =>
      ["'", '"', '`'].some((quote) => text.includes(`${quote}${name}${quote}`)) ? [] : [`${path}: ${name}`],
    )
  })
}

test('the pitfalls are the numbers from 1 to 60', () => {
  expect(ROWS.map(({ number }) => number)).toEqual(Array.from({ length: 60 }, (_, at) => at + 1))
})

test('each pitfall names its tests, or says why there is none', () => {
  const bare = ROWS.filter(
    ({ tests }) =>
      !/^(not yet|does not apply)[:,] /.test(tests) && [...tests.matchAll(REFERENCE)].length === 0,
  )
  expect(bare).toEqual([])
})

test('each test that a pitfall names exists', () => {
  expect(ROWS.flatMap(({ tests }) => missing(tests))).toEqual([])
})
