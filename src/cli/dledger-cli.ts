/** The program `dledger-cli`: operates a running cluster. */
import { Command } from 'commander'
import { addClientCommand } from './client-command.ts'
import { addConsumeCommand } from './consume-command.ts'
import { addDlqCommand } from './dlq-command.ts'
import { addGroupCommand } from './group-command.ts'
import { addLedgerCommand } from './ledger-command.ts'
import { addMemberCommand } from './member-command.ts'
import { addMessageCommand } from './message-command.ts'
import { addOffsetCommand } from './offset-command.ts'
import { addProduceCommand } from './produce-command.ts'
import { runProgram } from './run-program.ts'
import { addSnapshotCommand } from './snapshot-command.ts'
import { addStatusCommand } from './status-command.ts'
import { addTopicCommand } from './topic-command.ts'
import { addTransactionCommand } from './transaction-command.ts'
import { PROGRAM_VERSION } from '../observe/version.ts'

const EXAMPLES = `Examples:
  npm run cli -- status                         is the cluster well?
  npm run cli -- topic create orders            make a topic
  npm run cli -- produce orders "first"         send a message
  npm run cli -- consume orders -g billing      receive it
  npm run cli -- group describe billing         how far a group is
  npm run cli -- dlq redrive billing            give a group its dead letters again
  npm run cli -- message query orders --key k1   find messages
  npm run cli -- trace ID                        what became of one
  npm run cli -- ledger append events "first"    a replicated log for any program
`

const program = new Command('npm run cli --')
  .description('Operates a running cluster.')
  .version(PROGRAM_VERSION, '-V, --version', 'show the version')
  .addHelpText('before', EXAMPLES)

addStatusCommand(program)
addTopicCommand(program)
addGroupCommand(program)
addOffsetCommand(program)
addDlqCommand(program)
addProduceCommand(program)
addConsumeCommand(program)
addMessageCommand(program)
addLedgerCommand(program)
addSnapshotCommand(program)
addMemberCommand(program)
addTransactionCommand(program)
addClientCommand(program)

await runProgram(program)
