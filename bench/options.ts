/** The options that the benches of whole processes share, and the folder that they work in. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

export interface BenchOptions {
  /** Measured seconds of each run. */
  readonly seconds: number
  /** Seconds of load before measuring. */
  readonly warm: number
  /** How often each subject is measured, or how often the leader is killed. */
  readonly rounds: number
  /** Data, configuration and logs of the brokers. On the disk that is to be measured. */
  readonly folder: string
  /** Where clients of three nodes connect: to the leader, or to all members in turn. */
  readonly through: 'leader' | 'all'
}

/**
 * Reads the options, gives `run` a folder of its own and removes it after, unless `--folder` named one or
 * the bench failed: then its logs may tell why.
 */
export async function withOptions(
  defaults: { readonly seconds: number; readonly rounds: number },
  run: (options: BenchOptions) => Promise<void>,
): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: String(defaults.seconds) },
      rounds: { type: 'string', default: String(defaults.rounds) },
      warm: { type: 'string', default: '2' },
      folder: { type: 'string' },
      through: { type: 'string', default: 'leader' },
    },
  })
  const folder = mkdtempSync(join(values.folder ?? tmpdir(), 'dledger-bench-'))
  await run({
    seconds: positive('seconds', values.seconds),
    warm: positive('warm', values.warm),
    rounds: positive('rounds', values.rounds),
    folder,
    through: values.through === 'all' ? 'all' : 'leader',
  })
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true })
  else console.log(`data and logs: ${folder}`)
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} is a number above 0, not ${text}`)
  return value
}
