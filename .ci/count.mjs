/**
 * Prints `PASSED FAILED` for one part of `.ci/run`: node .ci/count.mjs LOG EXIT_CODE. Counts the tests that
 * vitest's summaries tell (`Tests  1 failed | 20 passed (21)`) or that the part's own last line tells
 * (`20 passed, 1 failed`). A part without a count is one test, and one that ends badly has failed at least once.
 */
import { readFileSync } from 'node:fs'

const [, , log = '', code = '1'] = process.argv
const text = readFileSync(log, 'utf8').replace(/\u001b\[[0-9;]*m/g, '')
const summaries = text.match(/^ *Tests {2,}.*$/gm) ?? []
const ownLine = /^(\d+) passed, (\d+) failed$/m.exec(text.trimEnd().split('\n').pop() ?? '')

const sum = (word) =>
  summaries.reduce((total, line) => total + Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0), 0)
const counts = [
  sum('passed') + Number(ownLine?.[1] ?? 0),
  sum('failed') + Number(ownLine?.[2] ?? 0),
]
if (counts[0] + counts[1] === 0) counts[code === '0' ? 0 : 1] = 1
if (code !== '0' && counts[1] === 0) counts[1] = 1
console.log(counts.join(' '))
