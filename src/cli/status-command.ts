/** `status`: gathers, judges and shows the state of the cluster, once or again and again. */
import type { Command } from 'commander'
import { EXIT } from './exit-codes.ts'
import { type CommonOptions, endpointsOf, withCommonOptions } from './cli-options.ts'
import { openAsk } from './real-ask.ts'
import { gather } from './status-gather.ts'
import { type GroupVerdict, VERDICTS, worstOf } from './status-facts.ts'
import { judgeGroup } from './status-judge.ts'
import { statusJson, statusText } from './status-render.ts'
import { dim, paintVerdict, say, terminalWidth } from './terminal.ts'

const CLEAR = '\u001b[H\u001b[J'

const EXAMPLES = `Examples:
  npm run cli -- status                              the development cluster
  npm run cli -- status --endpoints 10.0.0.1:8081    any member or name server will do
  npm run cli -- status --watch                      again every second
  npm run cli -- status --json                       for scripts

The exit code is 0 healthy, 1 degraded, 2 no leader, 3 unreachable, 64 wrong usage.
`

interface StatusOptions extends CommonOptions {
  readonly watch?: string | true
}

/** Adds the command. */
export function addStatusCommand(program: Command): void {
  withCommonOptions(program.command('status'))
    .description('is the cluster well? why not, and what to do')
    .option('-w, --watch [SECONDS]', 'show it again every so many seconds (1)')
    .addHelpText('before', EXAMPLES)
    .action(async (options: StatusOptions) => {
      process.exitCode = await status(options)
    })
}

async function status(options: StatusOptions): Promise<number> {
  const { addresses } = endpointsOf(options)
  const ask = openAsk()
  try {
    for (;;) {
      const groups = (await gather(addresses, ask)).map(judgeGroup)
      show(groups, options)
      if (options.watch === undefined) return codeOf(groups)
      await new Promise((resolve) => setTimeout(resolve, pauseMs(options.watch)))
    }
  } finally {
    ask.close()
  }
}

function show(groups: readonly GroupVerdict[], options: StatusOptions): void {
  const watched = options.watch !== undefined
  if (options.json === true) {
    say(JSON.stringify(statusJson(groups), undefined, watched ? undefined : 2))
    return
  }
  const text = statusText(groups, paintVerdict, terminalWidth())
  const time = watched ? dim(`${new Date().toLocaleTimeString()}, Ctrl-C ends\n\n`) : ''
  say(`${watched && process.stdout.isTTY ? CLEAR : ''}${time}${text}${watched ? '\n' : ''}`)
}

function pauseMs(watch: string | true | undefined): number {
  const seconds = Number(watch)
  return watch === true || !(seconds >= 0.1) ? 1_000 : Math.min(seconds, 3_600) * 1_000
}

function codeOf(groups: readonly GroupVerdict[]): number {
  const place = VERDICTS.indexOf(worstOf(groups.map((group) => group.verdict)))
  return place < 0 ? EXIT.failed : place
}
