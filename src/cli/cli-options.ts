/** Options that every command of `dledger-cli` takes. */
import type { Command } from 'commander'
import { CONFIG_DEFAULTS } from '../base/config.ts'
import { type EntryPoints, entryPoints } from './entry-points.ts'

export interface CommonOptions {
  readonly endpoints?: string
  readonly json?: true
}

/** Adds the common options to a command. */
export function withCommonOptions(command: Command): Command {
  return command
    .option(
      '-e, --endpoints <HOST:PORT,...>',
      `members to ask, or DLEDGER_ENDPOINTS (default: the development cluster, port ${CONFIG_DEFAULTS.clientPort})`,
    )
    .option('--json', 'answer in JSON')
}

/** The addresses that the options, the environment or the development cluster name. */
export function endpointsOf(options: CommonOptions): EntryPoints {
  return entryPoints(options.endpoints, process.env, process.cwd())
}
