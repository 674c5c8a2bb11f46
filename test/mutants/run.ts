/**
 * `npm run mutants -- [--only TEXT]... [--simulator] [--note]`
 *
 * Runs the tests against each mutant, two at a time, and prints which test killed it. `--only` takes the mutants
 * with one of the texts in their file or bug; `--simulator` asks the simulator's seeds alone, and only of what it runs.
 * `--note` writes down which test killed which, to ask it first from then on.
 * Exits with 1 when fewer than 95 of 100 are killed.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { unreachable } from '../../src/base/assert.ts'
import { MUTANTS } from './all-mutants.ts'
import { MUTANT_VARIABLE, SEEDS_ONLY_VARIABLE } from './chosen.ts'
import { compileFaults } from './compile.ts'
import { noteKillers } from './killers.ts'
import type { Mutant } from './mutant.ts'
import { type Verdict, verdictOf } from './verdict.ts'

const AT_A_TIME = 2
/** A mutant that makes the tests hang is given up. */
const RUN_MS_MAX = 180_000
const KILLED_SHARE_MIN = 0.95

interface Options {
  readonly root: string
  readonly seedsOnly: boolean
  /** A folder for the reports. */
  readonly reports: string
  readonly note: boolean
}

/** Runs what the arguments ask for and returns the exit code. `root` is the folder of the project. */
export async function main(root: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [''] },
      simulator: { type: 'boolean', default: false },
      note: { type: 'boolean', default: false },
    },
  })
  const seedsOnly = values.simulator
  const chosen = MUTANTS.filter(
    ({ file, bug, simulated }) =>
      values.only.some((text) => `${file}: ${bug}`.includes(text)) && (!seedsOnly || simulated !== null),
  )
  const reports = mkdtempSync(join(tmpdir(), 'dledger-mutants-'))
  try {
    return await runAll(chosen, { root, seedsOnly, reports, note: values.note })
  } finally {
    rmSync(reports, { recursive: true, force: true })
  }
}

async function runAll(mutants: readonly Mutant[], options: Options): Promise<number> {
  const faults = compileFaults(options.root, mutants)
  const { verdict: sound } = await testsOf(null, options)
  if (sound.type !== 'passed') {
    console.log(`Without any mutant the tests do not pass: ${howOf(sound)}`)
    return 1
  }
  const waiting = [...mutants]
  let killed = 0
  const killers: Record<string, string> = {}
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const fault = faults.get(mutant)
      const { verdict, seconds } =
        fault === undefined
          ? await testsOf(mutant, options)
          : { verdict: { type: 'broken', reason: `it does not compile: ${fault}` } as const, seconds: 0 }
      if (verdict.type === 'killed') {
        killed++
        killers[mutant.bug] = verdict.test.slice(0, verdict.test.indexOf(' > '))
      }
      console.log(lineOf(mutant, verdict, seconds))
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))
  if (options.note) noteKillers(options.root, killers, new Set(MUTANTS.map(({ bug }) => bug)))
  const holds = killed >= mutants.length * KILLED_SHARE_MIN
  console.log(`${killed} of ${mutants.length} mutants killed`)
  // Few survivors are allowed; one too many makes all of them failures.
  console.log(`${killed} passed, ${holds ? 0 : mutants.length - killed} failed`)
  return holds ? 0 : 1
}

/** Runs the tests that may see a mutant, in a process of their own: the bug is in the modules. */
async function testsOf(
  mutant: Mutant | null,
  { root, seedsOnly, reports }: Options,
): Promise<{ readonly verdict: Verdict; readonly seconds: number }> {
  const place = mutant === null ? '' : String(MUTANTS.indexOf(mutant))
  const report = join(reports, `${place}.json`)
  const start = performance.now()
  await runVitest(root, report, { [MUTANT_VARIABLE]: place, [SEEDS_ONLY_VARIABLE]: seedsOnly ? '1' : '' })
  return { verdict: verdictOf(textOf(report), root), seconds: (performance.now() - start) / 1000 }
}

function runVitest(root: string, report: string, variables: Record<string, string>): Promise<void> {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const args = [
    vitest,
    'run',
    '--config',
    'vitest.mutants.config.ts',
    '--reporter=json',
    `--outputFile=${report}`,
  ]
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: 'ignore',
    env: { ...process.env, ...variables },
    timeout: RUN_MS_MAX,
    killSignal: 'SIGKILL',
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve())
  })
}

function lineOf({ file, bug, pitfall }: Mutant, verdict: Verdict, seconds: number): string {
  const example = pitfall === null ? '' : ` (pitfall ${pitfall})`
  return `${file}: ${bug}${example}\n    ${howOf(verdict)} in ${seconds.toFixed(1)} s`
}

function howOf(verdict: Verdict): string {
  switch (verdict.type) {
    case 'killed':
      return `killed by ${verdict.test} [${verdict.promise}]`
    case 'passed':
      return 'SURVIVED: every test passed'
    case 'broken':
      return `SURVIVED: ${verdict.reason}`
    default:
      return unreachable(verdict)
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
