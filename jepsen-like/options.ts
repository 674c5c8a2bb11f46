/** The options of a run. */
import { parseArgs } from 'node:util'
import { FAULTS } from './nemesis/faults.ts'
import { WORKLOADS } from './workloads/all.ts'

export const USAGE = `npm run jepsen -- [options]      one run: a group of three, clients, faults, a verdict
  --time 60          seconds of load and faults
  --seed 7           what happens when; without it a new one
  --nemesis all      kinds of faults, with commas; none for a quiet run
  --workload queue   workloads, with commas, each with a history of its own
  --rate 300         sends a second of each workload
  --folder PATH      where the folder of the run is made (jepsen-runs)
  --ci               for shared machines, whose disks pause by themselves: a pause of writes beyond its
                     bound is told and counts as unknown, and unknown ends with code 0
npm run jepsen -- --list         the kinds of faults and the workloads
npm run jepsen -- silent-leader [--rounds 10]
                                 how long writes pause when the leader falls silent
npm run jepsen -- clean          removes what killed runs left behind

The exit code is 0 for true, 1 for false, 2 for unknown, 64 for wrong usage.
`

export interface RunOptions {
  readonly seconds: number
  readonly seed: number
  readonly faults: readonly string[]
  readonly workloads: readonly string[]
  readonly rate: number
  readonly rounds: number
  readonly folder: string
  readonly ci: boolean
}

export type Command =
  | { readonly type: 'run' | 'silent-leader'; readonly options: RunOptions }
  | { readonly type: 'list' }
  | { readonly type: 'clean' }

/** What the arguments ask for, or the sentence of what is wrong with them. */
export function commandOf(args: readonly string[]): Command | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        time: { type: 'string', default: '60' },
        seed: { type: 'string' },
        nemesis: { type: 'string', default: 'all' },
        workload: { type: 'string', default: 'queue' },
        rate: { type: 'string', default: '300' },
        rounds: { type: 'string', default: '10' },
        folder: { type: 'string', default: 'jepsen-runs' },
        ci: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
      },
    })
    const [word = 'run', ...more] = positionals
    if (more.length > 0) throw new Error(`${more.join(' ')}: what is that?`)
    if (values.list) return { type: 'list' }
    if (word === 'clean') return { type: 'clean' }
    if (word !== 'run' && word !== 'silent-leader') throw new Error(`there is no '${word}'`)
    const options: RunOptions = {
      seconds: positive('time', values.time),
      seed: values.seed === undefined ? newSeed() : positive('seed', values.seed),
      faults: chosen(
        'fault',
        values.nemesis,
        FAULTS.map((fault) => fault.name),
      ),
      workloads: chosen(
        'workload',
        values.workload,
        WORKLOADS.map((workload) => workload.name),
      ),
      rate: positive('rate', values.rate),
      rounds: positive('rounds', values.rounds),
      folder: values.folder,
      ci: values.ci,
    }
    return { type: word, options }
  } catch (error) {
    return (error as Error).message
  }
}

/** The command line that repeats a run. */
export function commandLine(options: RunOptions): string {
  const { seconds, seed, faults, workloads, rate } = options
  const nemesis = faults.length === FAULTS.length ? 'all' : faults.join(',') || 'none'
  return `npm run jepsen -- --time ${seconds} --seed ${seed} --nemesis ${nemesis} --workload ${workloads.join(',')} --rate ${rate}`
}

function chosen(what: string, text: string, known: readonly string[]): string[] {
  if (text === 'all') return [...known]
  if (text === 'none') return []
  const names = text.split(',')
  const strange = names.find((name) => !known.includes(name))
  if (strange !== undefined) throw new Error(`there is no ${what} '${strange}': ${known.join(', ')}`)
  return names
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} is a number above 0, not ${text}`)
  return value
}

function newSeed(): number {
  return 1 + Math.floor(Math.random() * 1_000_000)
}
