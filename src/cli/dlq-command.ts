/** `dlq list|show|redrive`: messages that a consumer group could not consume. */
import type { Command } from 'commander'
import { BrokerError } from '../base/errors.ts'
import { RECEIVE_MESSAGES_MAX } from '../base/limits.ts'
import type { Delivery } from '../client/messaging.ts'
import { PullClient } from '../client/pull-client.ts'
import { type AdminClient, withAdmin, withGroupHint } from './admin-client.ts'
import { type CommonOptions, endpointsOf, withCommonOptions } from './cli-options.ts'
import { whole } from './produce-command.ts'
import { say, terminalWidth } from './terminal.ts'
import { tableText } from './text-table.ts'

const EXAMPLES = `Examples:
  npm run cli -- dlq list                             groups with dead letters
  npm run cli -- dlq show billing                     the oldest ones
  npm run cli -- dlq redrive billing                  the group gets all of them again
  npm run cli -- dlq redrive billing --max 10
  npm run cli -- dlq redrive billing --to orders2     through another topic that it reads

A redriven message comes to this group alone, with all its attempts, and leaves the dead letters. When the
command is broken off, the next one goes on from there.
`
const PREFIX = '%DLQ%'
/** What one call gives back at most. */
const PER_CALL = 500
const BODY_TEXT_MAX = 60

interface MaxOption extends CommonOptions {
  readonly max?: number
}

/** Adds the command with its three verbs. */
export function addDlqCommand(program: Command): void {
  const dlq = program.command('dlq').description('dead letters: list, show and give back')
  dlq.addHelpText('before', EXAMPLES)
  withCommonOptions(dlq.command('list [GROUP]')).description('groups with dead letters').action(list)
  withCommonOptions(dlq.command('show <GROUP>'))
    .description('the oldest dead letters of a group')
    .option('--max <N>', 'so many (20)', whole(1, 10_000))
    .action(show)
  withCommonOptions(dlq.command('redrive <GROUP>'))
    .description('give a group its dead letters again')
    .option('--to <TOPIC>', 'through this topic instead of the one they were sent to')
    .option('--max <N>', 'only so many, the oldest ones', whole(1, Number.MAX_SAFE_INTEGER))
    .addHelpText('before', EXAMPLES)
    .action(redrive)
}

async function list(group: string | undefined, options: CommonOptions): Promise<void> {
  const { topics } = await withAdmin(options, (client) => client.call('ListTopics', {}))
  const groups = topics
    .filter(({ name }) => name.startsWith(PREFIX))
    .map(({ name, messageCount }) => ({ group: name.slice(PREFIX.length), messages: messageCount }))
    .filter((one) => group === undefined || one.group === group)
  if (options.json === true) say(JSON.stringify({ groups }))
  else if (groups.length === 0) say('There are no dead letters.')
  else {
    const columns = [
      { head: 'GROUP', worth: 9, cell: (one: (typeof groups)[number]) => one.group },
      {
        head: 'MESSAGES',
        worth: 9,
        right: true,
        cell: (one: (typeof groups)[number]) => String(one.messages),
      },
    ]
    say(tableText(columns, groups, terminalWidth()))
  }
}

async function show(group: string, options: MaxOption): Promise<void> {
  const pulls = new PullClient(endpointsOf(options).addresses)
  try {
    const messages = await oldest(pulls, group, options.max ?? 20)
    if (options.json === true) say(JSON.stringify({ group, messages: messages.map(plain) }))
    else if (messages.length === 0) say(`Group ${group} has no dead letters.`)
    else say(messageTable(messages))
  } finally {
    pulls.close()
  }
}

async function oldest(pulls: PullClient, group: string, max: number): Promise<readonly Delivery[]> {
  const queue = { topic: `${PREFIX}${group}`, queueId: 0 }
  const messages: Delivery[] = []
  try {
    const end = await pulls.queryOffset(queue, 'end')
    let offset = await pulls.queryOffset(queue, 'beginning')
    while (offset < end && messages.length < max) {
      const messagesMax = Math.min(max - messages.length, RECEIVE_MESSAGES_MAX)
      const pulled = await pulls.pull({ ...queue, group, offset, messagesMax, waitMs: 0 })
      messages.push(...pulled.messages)
      offset = pulled.nextOffset
    }
  } catch (error) {
    // The topic is made by the first dead letter.
    if (!(error instanceof BrokerError) || error.code !== 'TOPIC_NOT_FOUND') throw error
  }
  return messages
}

function plain({ messageId, queueId, offset, tag, keys, bornMs, body }: Delivery): object {
  return { messageId, queueId, offset, tag, keys, bornMs, body: Buffer.from(body).toString() }
}

function messageTable(messages: readonly Delivery[]): string {
  return tableText(
    [
      { head: 'OFFSET', worth: 7, right: true, cell: (message) => String(message.offset) },
      { head: 'MESSAGE', worth: 9, cell: (message) => message.messageId },
      { head: 'TAG', worth: 5, cell: (message) => message.tag },
      { head: 'KEYS', worth: 6, cell: (message) => message.keys.join(' ') },
      { head: 'BODY', worth: 8, cell: (message) => shortText(message.body) },
    ],
    messages,
    terminalWidth(),
  )
}

function shortText(body: Uint8Array): string {
  const text = Buffer.from(body).toString().replaceAll(/\s+/g, ' ')
  return text.length > BODY_TEXT_MAX ? `${text.slice(0, BODY_TEXT_MAX)}...` : text
}

interface RedriveOptions extends MaxOption {
  readonly to?: string
}

async function redrive(group: string, options: RedriveOptions): Promise<void> {
  const { moved, reason } = await withAdmin(options, (client) =>
    withGroupHint(client, group, () => redriveAll(client, group, options)),
  )
  if (options.json === true) say(JSON.stringify({ group, moved, ...(reason !== '' && { reason }) }))
  else say(`Group ${group} gets ${moved} message${moved === 1 ? '' : 's'} again.`)
  if (reason !== '') throw new BrokerError('BAD_REQUEST', `not all were moved: ${reason}`)
}

/** In parts, each of which may be repeated. */
async function redriveAll(
  client: AdminClient,
  group: string,
  { to = '', max = Number.POSITIVE_INFINITY }: RedriveOptions,
): Promise<{ readonly moved: number; readonly reason: string }> {
  let moved = 0
  while (moved < max) {
    const part = await client.call('RedriveDeadLetters', { group, to, max: Math.min(PER_CALL, max - moved) })
    moved += part.moved
    if (part.reason !== '' || part.moved === 0) return { moved, reason: part.reason }
  }
  return { moved, reason: '' }
}
