/** `namesrv`: runs one name server until it is told to stop. */
import type { Command } from 'commander'
import { startNameServer } from '../namesrv/server.ts'
import { openLogger } from '../observe/logger.ts'
import { RealClock } from '../store/real-clock.ts'
import { loadNamesrvConfig, namesrvConfigText, parseNamesrvConfig } from './config-file.ts'
import { runServer } from './process-shell.ts'
import { say } from './terminal.ts'

const EXAMPLES = `Examples:
  node bin/dledger.cjs namesrv                       on 127.0.0.1:9876
  node bin/dledger.cjs namesrv -c namesrv.yaml
  node bin/dledger.cjs namesrv -c namesrv.yaml --print-config
`
const CLOSE_GRACE_MS = 1_000

interface NamesrvOptions {
  readonly config?: string
  readonly printConfig?: true
}

/** Adds the command. */
export function addNamesrvCommand(program: Command): void {
  program
    .command('namesrv')
    .description('run a name server')
    .option('-c, --config <FILE>', 'its configuration (YAML)')
    .option('--print-config', 'show the effective configuration and end')
    .addHelpText('before', EXAMPLES)
    .action(runNamesrv)
}

async function runNamesrv(options: NamesrvOptions): Promise<void> {
  const config =
    options.config === undefined ? parseNamesrvConfig('', 'namesrv.yaml') : loadNamesrvConfig(options.config)
  if (options.printConfig === true) {
    say(namesrvConfigText(config).trimEnd())
    return
  }
  const fields = { node: 'namesrv' }
  const { logger, flush } = openLogger({ level: config.logLevel, file: config.logFile, fields })
  const clock = new RealClock()
  await runServer(logger, flush, async () => {
    const server = await startNameServer(config, { clock, logger })
    return { close: () => server.close(CLOSE_GRACE_MS) }
  })
}
