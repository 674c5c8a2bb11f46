/**
 * Prints `PASSED FAILED` for one part of `.ci/run`: node .ci/count.mjs LOG EXIT_CODE. Counts the tests that
 * vitest's summaries tell (`Tests  1 failed | 20 passed (21)`), the simulator's seeds (`20 seeds hold, 1 fail`)
 * and lines `20 passed, 1 failed`. A part without a count is one test, and one that ends badly has failed at
 * least once.
 */
import { readFileSync } from 'node:fs'

const [, , log = '', code = '1'] = process.argv
const text = readFileSync(log, 'utf8').replace(/\u001b\[[0-9;]*m/g, '')
const summaries = text.match(/^ *Tests {2,}.*$/gm) ?? []
const pairs = [...text.matchAll(/^(\d+) (?:passed|seeds hold), (\d+) fail/gm)]

const inSummaries = (word) =>
  summaries.reduce((sum, line) => sum + Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1] ?? 0), 0)
const inPairs = (place) => pairs.reduce((sum, pair) => sum + Number(pair[place]), 0)
const counts = [inSummaries('passed') + inPairs(1), inSummaries('failed') + inPairs(2)]
if (counts[0] + counts[1] === 0) counts[code === '0' ? 0 : 1] = 1
if (code !== '0' && counts[1] === 0) counts[1] = 1
console.log(counts.join(' '))
