/** `broker -c FILE`: runs one member of a broker group until it is told to stop. */
import type { Command } from 'commander'
import { openLogger } from '../observe/logger.ts'
import { RealClock } from '../store/real-clock.ts'
import { brokerConfigText, loadBrokerConfig } from './config-file.ts'
import { runServer, tellParent } from './process-shell.ts'
import { say } from './terminal.ts'

const EXAMPLES = `Examples:
  node bin/dledger.cjs broker -c n1.yaml
  node bin/dledger.cjs broker -c n1.yaml --print-config    check the file and show what holds
`

interface BrokerOptions {
  readonly config: string
  readonly printConfig?: true
}

/** Adds the command. */
export function addBrokerCommand(program: Command): void {
  program
    .command('broker')
    .description('run one member of a broker group')
    .requiredOption('-c, --config <FILE>', 'its configuration (YAML)')
    .option('--print-config', 'show the effective configuration and end')
    .addHelpText('before', EXAMPLES)
    .action(runBroker)
}

async function runBroker(options: BrokerOptions): Promise<void> {
  const config = loadBrokerConfig(options.config)
  if (options.printConfig === true) {
    say(brokerConfigText(config).trimEnd())
    return
  }
  const fields = { node: config.id, group: config.group }
  const { logger, flush, setLevel } = openLogger({ level: config.logLevel, file: config.logFile, fields })
  const clock = new RealClock()
  // Loaded only here: the other commands start faster without it.
  const { startMember } = await import('../member/start-member.ts')
  await runServer(logger, flush, (failed) =>
    startMember(config, clock, logger, {
      roleChanged: ({ role, term, leader, reason }) => {
        logger.info({ role, term, leader, reason }, 'role changed')
        tellParent({ type: 'role', role, term, leaderId: leader })
      },
      setLogLevel: setLevel,
      failed,
    }),
  )
}
