/** `dev`: a development cluster on this machine, until Ctrl-C. */
import { createInterface } from 'node:readline/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { BrokerError } from '../base/errors.ts'
import { DEV_SHAPE, DevCluster } from './dev-cluster.ts'
import { DevFolder } from './dev-folder.ts'
import { type DevShape, portsOf } from './dev-plan.ts'
import { DEV_FOLDER } from './entry-points.ts'
import { EXIT } from './exit-codes.ts'
import { portFault } from './port-check.ts'
import { whole } from './produce-command.ts'
import { say } from './terminal.ts'

const EXAMPLES = `Examples:
  npm start                          one name server, three members, data in ${DEV_FOLDER}
  npm start -- --nodes 1             one member
  npm start -- --port 18081          other ports for clients: 18081, 18082, 18083
  npm start -- --reset               delete the data and begin anew
`

/** npm sends its own copy of a Ctrl-C that has come already. */
const SAME_SIGNAL_MS = 1_000
const PARENT_WATCH_MS = 500

interface DevOptions {
  readonly nodes?: number
  readonly port: number
  readonly namesrvPort: number
  readonly peerPort: number
  readonly data: string
  readonly reset?: true
  readonly yes?: true
}

/** Adds the command. */
export function addDevCommand(program: Command): void {
  const port = whole(1, 65_535)
  program
    .command('dev')
    .description('run a development cluster on this machine')
    .option('--nodes <N>', 'members of the group, 1 or 3 (3)', nodeCount)
    .option('--port <PORT>', 'first port for clients', port, DEV_SHAPE.port)
    .option('--namesrv-port <PORT>', 'port of the name server', port, DEV_SHAPE.namesrvPort)
    .option('--peer-port <PORT>', 'first port between members', port, DEV_SHAPE.peerPort)
    .option('--data <FOLDER>', 'where data and logs are kept', DEV_FOLDER)
    .option('--reset', 'delete the data folder first, after asking')
    .option('--yes', 'do not ask')
    .addHelpText('before', EXAMPLES)
    .action(dev)
}

function nodeCount(text: string): number {
  if (text === '1' || text === '3') return Number(text)
  throw new InvalidArgumentError('give 1 or 3.')
}

async function dev(options: DevOptions): Promise<void> {
  const folder = await DevFolder.open(options.data)
  try {
    if (options.reset === true && !(await reset(folder, options.yes === true))) return
    const shape = shapeOf(options, folder)
    await requirePorts(shape)
    await run(new DevCluster(shape, folder), folder)
  } finally {
    await folder.close()
  }
}

/** Runs until it is told to stop, by a signal or because the npm that started it is gone. */
async function run(cluster: DevCluster, folder: DevFolder): Promise<void> {
  const told = whenTold(() => cluster.kill())
  try {
    const started = cluster.start()
    await Promise.race([started, told])
    // A start that fails because it is being stopped is no error.
    started.catch(() => {})
    await told
    say('\nstopping ...')
  } finally {
    await cluster.stop()
  }
  say(`stopped; the data stays in ${folder.path}`)
  process.exitCode = EXIT.ok
}

/** Resolves at the first signal. One that comes later calls `hurry`, unless it is npm's copy of the first. */
function whenTold(hurry: () => void): Promise<void> {
  return new Promise((resolve) => {
    let toldMs = Number.POSITIVE_INFINITY
    const stop = (): void => {
      if (performance.now() - toldMs > SAME_SIGNAL_MS) hurry()
      if (toldMs === Number.POSITIVE_INFINITY) toldMs = performance.now()
      resolve()
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
    // npm passes a signal to its shell only, which may end without passing it on.
    if (process.env['npm_lifecycle_event'] === undefined) return
    const parent = process.ppid
    const watch = setInterval(() => {
      if (process.ppid === parent) return
      clearInterval(watch)
      stop()
    }, PARENT_WATCH_MS)
    watch.unref()
  })
}

function shapeOf(options: DevOptions, folder: DevFolder): DevShape {
  const held = folder.load()
  const nodes = options.nodes ?? held?.nodes ?? DEV_SHAPE.nodes
  if (held !== undefined && held.nodes !== nodes) {
    const words = `${folder.path} holds a group of ${held.nodes}: use --nodes ${held.nodes}, --reset or another --data`
    throw new BrokerError('FOLDER_REFUSED', words)
  }
  const { port, namesrvPort, peerPort } = options
  return { nodes, port, namesrvPort, peerPort }
}

async function requirePorts(shape: DevShape): Promise<void> {
  for (const { port, flag, what } of portsOf(shape)) {
    const fault = await portFault(port)
    if (fault === undefined) continue
    const words = `${fault}; it is needed for ${what}: stop what uses it, or choose another with ${flag}`
    throw new BrokerError('CONFIG_INVALID', words)
  }
}

/** False when the person does not want it. */
async function reset(folder: DevFolder, yes: boolean): Promise<boolean> {
  if (!yes && !process.stdin.isTTY) {
    throw new BrokerError(
      'BAD_REQUEST',
      `--reset deletes ${folder.path}: add --yes where nobody can be asked`,
    )
  }
  if (!yes && !(await agrees(`Delete ${folder.path} with all topics and messages? [y/N] `))) {
    say('Nothing was deleted.')
    return false
  }
  folder.reset()
  return true
}

async function agrees(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    const answer = await terminal.question(question)
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}
