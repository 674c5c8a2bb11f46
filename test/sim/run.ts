/**
 * `npm run sim -- [--ring core|node|both] [--seeds N] [--seconds S] [--first F] [--machine log|broker|both]
 * [--seed X] [--without a,b] [--story N]`
 *
 * Runs N seeds from F on, or as many as fit S seconds, one line each, and exits with 1 when one fails. A failing
 * seed is made small and its end is told. `--seed` replays one seed and prints its story.
 */
import { parseArgs } from 'node:util'
import { runOne, runsTwice, shrink, type AnyVerdict, type Kind } from './campaign.ts'
import { runJobs, type Job } from './pool.ts'
import { Summary } from './summary.ts'

const STORY_LINES = 40

/** Runs what the arguments ask for and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ring: { type: 'string', default: 'both' },
      seeds: { type: 'string' },
      seconds: { type: 'string' },
      first: { type: 'string', default: '1' },
      seed: { type: 'string' },
      machine: { type: 'string', default: 'both' },
      without: { type: 'string', default: '' },
      story: { type: 'string', default: String(STORY_LINES) },
    },
  })
  const kinds = kindsOf(values.ring, values.machine)
  if (values.seed !== undefined) {
    return replay(kinds, Number(values.seed), values.without.split(','), Number(values.story))
  }
  const seconds = values.seconds === undefined ? Number.POSITIVE_INFINITY : Number(values.seconds)
  const seeds = values.seeds ?? (values.seconds === undefined ? 200 : Number.POSITIVE_INFINITY)
  return campaign(kinds, Number(values.first), Number(seeds), seconds)
}

async function campaign(
  kinds: readonly Kind[],
  first: number,
  count: number,
  seconds: number,
): Promise<number> {
  const end = performance.now() + seconds * 1000
  const summary = new Summary()
  const failed: Job[] = []
  let seed = first
  const next = (): Job | null => {
    if (seed >= first + count || performance.now() > end) return null
    return { kind: kinds[seed % kinds.length] ?? 'log', seed: seed++ }
  }
  await runJobs(next, (job, verdict) => {
    summary.add(job.kind, verdict, runsTwice(job.seed))
    console.log(line(job.kind, verdict))
    if (verdict.failure === null) return
    console.log(`  ${verdict.failure}`)
    failed.push(job)
  })
  for (const { kind, seed: bad } of failed.slice(0, 3)) await tell(kind, bad)
  for (const told of summary.lines) console.log(told)
  console.log(`${summary.seeds - failed.length} seeds hold, ${failed.length} fail`)
  return failed.length === 0 ? 0 : 1
}

async function replay(
  kinds: readonly Kind[],
  seed: number,
  without: readonly string[],
  lines: number,
): Promise<number> {
  let failed = false
  for (const kind of kinds) {
    const verdict = await runOne(kind, seed, without, lines)
    for (const told of verdict.story.slice(-lines)) console.log(told)
    console.log(line(kind, verdict))
    if (verdict.failure !== null) console.log(verdict.failure)
    failed ||= verdict.failure !== null
  }
  return failed ? 1 : 0
}

/** The end of the smallest story that still fails, and how to see it again. */
async function tell(kind: Kind, seed: number): Promise<void> {
  const { verdict, without } = await shrink(kind, seed, STORY_LINES)
  for (const told of verdict.story.slice(-STORY_LINES)) console.log(`    ${told}`)
  console.log(`  ${verdict.failure ?? 'the smaller run holds'}`)
  const needless = without.length === 0 ? '' : ` --without ${without.join(',')}`
  const ring = kind === 'node' ? '--ring node' : `--ring core --machine ${kind}`
  console.log(`  npm run sim -- ${ring} --seed ${seed}${needless}`)
}

function line(kind: Kind, verdict: AnyVerdict): string {
  const { settings, failure, hash, committed, terms, events } = verdict
  const faults = [...settings.faults].join(' ') || 'no faults'
  const how = failure === null ? 'holds' : 'FAILS'
  return `seed ${settings.seed} ${kind} ${how} ${hash} nodes ${settings.nodeCount}, committed ${committed}, term ${terms}, events ${events}: ${faults}`
}

/** Which kinds take turns. In both rings every third seed is one of whole members. */
function kindsOf(ring: string, machine: string): readonly Kind[] {
  if (!['core', 'node', 'both'].includes(ring)) throw new Error(`no such ring: ${ring}`)
  if (!['log', 'broker', 'both'].includes(machine)) throw new Error(`no such machine: ${machine}`)
  const core: readonly Kind[] =
    machine === 'both' ? ['log', 'broker'] : [machine === 'log' ? 'log' : 'broker']
  if (ring === 'core') return core
  return ring === 'node' ? ['node'] : [...core, 'node']
}
