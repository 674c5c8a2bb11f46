/** Runs a command line: wrong usage ends with 64, every error is a sentence without a stack. */
import { type Command, CommanderError } from 'commander'
import { sentenceOf } from './error-text.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { note } from './terminal.ts'

/** Parses the arguments of this process and runs what they name; sets the exit code. */
export async function runProgram(program: Command): Promise<void> {
  // A reader that has seen enough, such as `head`, is no error.
  process.stdout.on('error', () => process.exit())
  program.exitOverride()
  for (const command of allCommands(program)) {
    command
      .exitOverride()
      .showHelpAfterError(`(${helpHint(command)})`)
      .helpOption('-h, --help', 'show this help')
  }
  try {
    await program.parseAsync(process.argv)
  } catch (error) {
    process.exitCode = codeOf(error)
    if (!(error instanceof CommanderError)) note(`error: ${sentenceOf(error)}`)
  }
}

function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  return exitCodeOf(error)
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)]
}

function helpHint(command: Command): string {
  if (command.name() === 'dev') return 'see npm start -- --help'
  const names: string[] = []
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name())
  return `see ${names.join(' ')} --help`
}
