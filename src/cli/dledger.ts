/** The program `dledger`: runs the servers. */
import { Command } from 'commander'
import { addBrokerCommand } from './broker-command.ts'
import { addDevCommand } from './dev-command.ts'
import { addNamesrvCommand } from './namesrv-command.ts'
import { runProgram } from './run-program.ts'
import { PROGRAM_VERSION } from '../observe/version.ts'

const EXAMPLES = `Examples:
  npm start                                     a development cluster on this machine
  node bin/dledger.cjs broker -c n1.yaml        one member of a broker group
  node bin/dledger.cjs namesrv -c ns.yaml       a name server
`

const program = new Command('node bin/dledger.cjs')
  .description('Runs message brokers and name servers.')
  .version(PROGRAM_VERSION, '-V, --version', 'show the version')
  .addHelpText('before', EXAMPLES)

addDevCommand(program)
addBrokerCommand(program)
addNamesrvCommand(program)

await runProgram(program)
