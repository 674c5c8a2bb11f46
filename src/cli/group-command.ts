/** `group create|list|describe|delete` for consumer groups. */
import { type Command, InvalidArgumentError } from 'commander'
import type { GroupDescription, GroupSummary } from '../rpc/admin-types.ts'
import { withAdmin, withGroupHint } from './admin-client.ts'
import { type BackoffWish, backoffOf, NO_BACKOFF, parseBackoff } from './backoff-option.ts'
import { type CommonOptions, withCommonOptions } from './cli-options.ts'
import { addGroupReset } from './group-reset.ts'
import { say, terminalWidth } from './terminal.ts'
import { tableText } from './text-table.ts'

const EXAMPLES = `Examples:
  npm run cli -- group create billing                               starts at the newest messages
  npm run cli -- group create billing --from earliest
  npm run cli -- group create billing --from 2026-11-01T12:00:00Z
  npm run cli -- group create billing --fifo                        keeps the order in message groups
  npm run cli -- group create billing --attempts 5 --backoff 1s,10s,1m
  npm run cli -- group update billing --attempts 20
  npm run cli -- group list
  npm run cli -- group describe billing                             how far it is in each queue
  npm run cli -- group reset billing --topic orders --to-time 2026-11-01T12:00:00Z
  npm run cli -- group delete billing
`

/** Where a group starts in queues that it has never read. */
export interface GroupStart {
  readonly start: 'default' | 'earliest' | 'latest' | 'time'
  readonly startTimeMs: number
}

interface CreateOptions extends CommonOptions {
  readonly from: GroupStart
  readonly attempts: number
  readonly fifo: boolean
  readonly backoff: BackoffWish
}

/** Adds the command with its verbs. */
export function addGroupCommand(program: Command): void {
  const group = program
    .command('group')
    .description('make, change, list, describe and delete consumer groups')
  group.addHelpText('before', EXAMPLES)
  withCommonOptions(group.command('create <NAME>'))
    .description('make a consumer group')
    .option('--from <PLACE>', 'earliest, latest or a time (ISO 8601)', parseStart, parseStart('default'))
    .option('--attempts <N>', 'deliveries before a message is a dead letter (17)', attemptCount, 0)
    .option('--fifo', 'messages of one message group one after the other', false)
    .option('--backoff <DELAYS>', 'between deliveries: 1s,5s,30s or 1s..10m x2', parseBackoff, NO_BACKOFF)
    .addHelpText('before', EXAMPLES)
    .action(create)
  withCommonOptions(group.command('update <NAME>'))
    .description('change how a group in use is delivered to')
    .option('--attempts <N>', 'deliveries before a message is a dead letter', attemptCount)
    .option('--backoff <DELAYS>', 'between deliveries: 1s,5s,30s or 1s..10m x2', parseBackoff)
    .action(update)
  withCommonOptions(group.command('list')).description('all consumer groups').action(list)
  withCommonOptions(group.command('describe <NAME>'))
    .description('how far one is in each queue')
    .action(describe)
  addGroupReset(group)
  withCommonOptions(group.command('delete <NAME>'))
    .description('delete a group with its offsets')
    .action(remove)
}

/** Reads the value of `--from`. Throws commander's `InvalidArgumentError`. */
export function parseStart(text: string): GroupStart {
  if (text === 'default' || text === 'earliest' || text === 'latest') return { start: text, startTimeMs: 0 }
  const startTimeMs = Date.parse(text)
  if (/^\d{4}-\d\d/.test(text) && startTimeMs >= 0) return { start: 'time', startTimeMs }
  throw new InvalidArgumentError('give earliest, latest or a time such as 2026-11-01T12:00:00Z.')
}

function attemptCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= 1_000) return count
  throw new InvalidArgumentError('give a whole number from 1 to 1000.')
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const { from, attempts, fifo, backoff } = options
  const request = { name, ...from, attemptsMax: attempts, fifo, ...backoff }
  await withAdmin(options, (client) => client.call('CreateGroup', request))
  say(options.json === true ? JSON.stringify({ created: name }) : `Made consumer group ${name}.`)
}

interface UpdateOptions extends CommonOptions {
  readonly attempts?: number
  readonly backoff?: BackoffWish
}

async function update(name: string, options: UpdateOptions): Promise<void> {
  await withAdmin(options, (client) =>
    withGroupHint(client, name, async () => {
      // What is not given stays: the call itself sets the whole policy.
      const { summary } = await client.call('DescribeGroup', { name })
      const attemptsMax = options.attempts ?? summary?.attemptsMax ?? 0
      const backoff = options.backoff ?? backoffOf(summary)
      return client.call('UpdateGroup', { name, attemptsMax, fifo: summary?.fifo ?? false, ...backoff })
    }),
  )
  say(options.json === true ? JSON.stringify({ updated: name }) : `Updated consumer group ${name}.`)
}

async function list(options: CommonOptions): Promise<void> {
  const { groups } = await withAdmin(options, (client) => client.call('ListGroups', {}))
  if (options.json === true) say(JSON.stringify({ groups }))
  else if (groups.length === 0)
    say('There is no consumer group yet. One is made when a consumer first connects.')
  else say(groupTable([...groups].sort((a, b) => (a.name < b.name ? -1 : 1))))
}

function groupTable(groups: readonly GroupSummary[]): string {
  return tableText(
    [
      { head: 'GROUP', worth: 9, cell: (group) => group.name },
      { head: 'LAG', worth: 8, right: true, cell: (group) => String(group.lag) },
      { head: 'IN FLIGHT', worth: 7, right: true, cell: (group) => String(group.inFlight) },
      { head: 'STARTS AT', worth: 5, cell: (group) => group.start },
      { head: 'ORDER', worth: 4, cell: (group) => (group.fifo ? 'FIFO' : '') },
      { head: 'ATTEMPTS', worth: 3, right: true, cell: (group) => String(group.attemptsMax) },
      { head: 'MADE', worth: 1, cell: (group) => new Date(group.createdMs).toISOString() },
    ],
    groups,
    terminalWidth(),
  )
}

async function describe(name: string, options: CommonOptions): Promise<void> {
  const group = await withAdmin(options, (client) =>
    withGroupHint(client, name, () => client.call('DescribeGroup', { name })),
  )
  say(options.json === true ? JSON.stringify(group) : groupText(name, group))
}

function groupText(name: string, { summary, queues }: GroupDescription): string {
  const head = `Consumer group ${name}: ${summary?.lag ?? 0} messages to go, ${summary?.inFlight ?? 0} in flight.`
  if (queues.length === 0) return `${head} It has not read any topic yet.`
  const rows = tableText(
    [
      { head: 'TOPIC', worth: 9, cell: (queue) => queue.topic },
      { head: 'QUEUE', worth: 9, right: true, cell: (queue) => String(queue.queueId) },
      { head: 'DONE', worth: 7, right: true, cell: (queue) => String(queue.committed) },
      { head: 'HANDED OUT', worth: 6, right: true, cell: (queue) => String(queue.cursor) },
      { head: 'NEXT', worth: 7, right: true, cell: (queue) => String(queue.nextOffset) },
      { head: 'IN FLIGHT', worth: 5, right: true, cell: (queue) => String(queue.inFlight) },
      { head: 'LAG', worth: 8, right: true, cell: (queue) => String(queue.lag) },
    ],
    queues,
    terminalWidth(),
  )
  return `${head}\n\n${rows}`
}

async function remove(name: string, options: CommonOptions): Promise<void> {
  await withAdmin(options, (client) =>
    withGroupHint(client, name, () => client.call('DeleteGroup', { name })),
  )
  say(options.json === true ? JSON.stringify({ deleted: name }) : `Deleted consumer group ${name}.`)
}
