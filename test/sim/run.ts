/**
 * `npm run sim -- [--seeds N] [--first S] [--machine log|broker|both] [--seed X] [--without a,b] [--story N]`
 *
 * Runs N seeds from S on, one line each, and exits with 1 when one fails. A failing seed is made small and its
 * end is told. `--seed` replays one seed and prints its story.
 */
import { parseArgs } from 'node:util'
import { runOne, shrink, type MachineKind } from './campaign.ts'
import { Marks } from './marks.ts'
import type { Verdict } from './run-seed.ts'
import { FAULTS, type Fault } from './settings.ts'

const STORY_LINES = 40

/** Runs what the arguments ask for and returns the exit code. */
export function main(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '200' },
      first: { type: 'string', default: '1' },
      seed: { type: 'string' },
      machine: { type: 'string', default: 'both' },
      without: { type: 'string', default: '' },
      story: { type: 'string', default: String(STORY_LINES) },
    },
  })
  const kinds = kindsOf(values.machine)
  const without = values.without.split(',').filter(isFault)
  if (values.seed !== undefined) return replay(kinds, Number(values.seed), without, Number(values.story))
  return campaign(kinds, Number(values.first), Number(values.seeds))
}

function campaign(kinds: readonly MachineKind[], first: number, count: number): number {
  const start = performance.now()
  let failed = 0
  let committed = 0
  const marks = new Marks()
  for (let seed = first; seed < first + count; seed++) {
    const kind = kinds[seed % kinds.length] ?? 'log'
    const verdict = runOne(kind, seed)
    committed += verdict.committed
    marks.add(verdict.marks)
    console.log(line(kind, verdict))
    if (verdict.failure === null) continue
    failed++
    tell(kind, seed)
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`reached: ${marks.told}`)
  console.log(`${count - failed} seeds hold, ${failed} fail; ${committed} entries committed in ${seconds} s`)
  return failed === 0 ? 0 : 1
}

function replay(
  kinds: readonly MachineKind[],
  seed: number,
  without: readonly Fault[],
  lines: number,
): number {
  let failed = false
  for (const kind of kinds) {
    const verdict = runOne(kind, seed, without, lines)
    for (const told of verdict.story.slice(-lines)) console.log(told)
    console.log(line(kind, verdict))
    if (verdict.failure !== null) console.log(verdict.failure)
    failed ||= verdict.failure !== null
  }
  return failed ? 1 : 0
}

/** The end of the smallest story that still fails, and how to see it again. */
function tell(kind: MachineKind, seed: number): void {
  const { verdict, without } = shrink(kind, seed, STORY_LINES)
  for (const told of verdict.story.slice(-STORY_LINES)) console.log(`    ${told}`)
  console.log(`  ${verdict.failure ?? 'the smaller run holds'}`)
  const needless = without.length === 0 ? '' : ` --without ${without.join(',')}`
  console.log(`  npm run sim -- --machine ${kind} --seed ${seed}${needless}`)
}

function line(kind: MachineKind, verdict: Verdict): string {
  const { settings, failure, hash, committed, terms, events } = verdict
  const faults = [...settings.faults].join(' ') || 'no faults'
  const how = failure === null ? 'holds' : 'FAILS'
  return `seed ${settings.seed} ${kind} ${how} ${hash} nodes ${settings.nodeCount}, committed ${committed}, term ${terms}, events ${events}: ${faults}`
}

function kindsOf(word: string): readonly MachineKind[] {
  if (word === 'both') return ['log', 'broker']
  if (word === 'log' || word === 'broker') return [word]
  throw new Error(`no such machine: ${word}`)
}

function isFault(word: string): word is Fault {
  return FAULTS.some((fault) => fault === word)
}
