/** The list of mutants by itself; `npm run mutants` runs the tests against each of them. */
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { textOf } from '../support/tree.ts'
import { MUTANTS } from './all-mutants.ts'
import { readKillers } from './killers.ts'
import { mutated } from './mutant.ts'

const share = (count: number): number => count / MUTANTS.length

describe('the mutants', () => {
  test.each(MUTANTS.map((mutant) => [`${mutant.file} ${mutant.bug}`, mutant] as const))(
    '%s: its text stands in the file once',
    (_, mutant) => {
      const text = textOf(`src/${mutant.file}`)
      expect(mutated(text, mutant)).not.toBe(text)
    },
  )

  test('have names of their own', () => {
    expect(new Set(MUTANTS.map(({ bug }) => bug)).size).toBe(MUTANTS.length)
  })

  test('are at least forty, half of them of the log service and the disk', () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(40)
    const ofFiles = MUTANTS.filter(({ file }) => file.startsWith('dledger/') || file.startsWith('store/'))
    expect(share(ofFiles.length)).toBeGreaterThanOrEqual(0.5)
  })

  test('stand for at least twenty pitfalls', () => {
    const pitfalls = MUTANTS.flatMap(({ pitfall }) => pitfall ?? [])
    expect(new Set(pitfalls).size).toBeGreaterThanOrEqual(20)
    expect(pitfalls.every((number) => number >= 1 && number <= 60)).toBe(true)
  })

  test('are known to those tests alone that exist', () => {
    const bugs = new Set(MUTANTS.map(({ bug }) => bug))
    const killers = Object.entries(readKillers('.'))
    expect(killers.filter(([bug, file]) => !bugs.has(bug) || !existsSync(file))).toEqual([])
    expect(killers.length).toBeGreaterThan(MUTANTS.length / 2)
  })
})
