/** `topic create|list|describe|delete`. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { QUEUES_PER_TOPIC_DEFAULT, QUEUES_PER_TOPIC_MAX } from '../base/limits.ts'
import { messageTypeName, TOPIC_TYPE_MIXED } from '../broker/machine/index.ts'
import type { TopicDescription, TopicSummary } from '../rpc/admin-types.ts'
import { MessageType } from '../rpc/apache-enums.ts'
import { withAdmin, withTopicHint } from './admin-client.ts'
import { type CommonOptions, withCommonOptions } from './cli-options.ts'
import { durationMs } from './duration-option.ts'
import { durationText, listText } from './format.ts'
import { note, say, terminalWidth } from './terminal.ts'
import { tableText } from './text-table.ts'

const EXAMPLES = `Examples:
  npm run cli -- topic create orders               a topic with ${QUEUES_PER_TOPIC_DEFAULT} queues
  npm run cli -- topic create orders --queues 16
  npm run cli -- topic create payments --type FIFO   one message group's messages keep their order
  npm run cli -- topic update orders --queues 16   queues can be added while it is used
  npm run cli -- topic update orders --permission read --retention 12h
  npm run cli -- topic list
  npm run cli -- topic describe orders             its queues and who reads it
  npm run cli -- topic delete orders
`

const TYPES = ['NORMAL', 'FIFO', 'DELAY', 'TRANSACTION', 'PRIORITY', 'MIXED'] as const

/** In the order of apache.rocketmq.v2.Permission. */
const PERMISSIONS = ['none', 'read', 'write', 'read-write'] as const

interface CreateOptions extends CommonOptions {
  readonly type: (typeof TYPES)[number]
  readonly queues: number
}

/** Adds the command with its verbs. */
export function addTopicCommand(program: Command): void {
  const topic = program.command('topic').description('make, change, list, describe and delete topics')
  topic.addHelpText('before', EXAMPLES)
  withCommonOptions(topic.command('create <NAME>'))
    .description('make a topic')
    .addOption(new Option('--type <TYPE>', 'what it holds').choices(TYPES).default('NORMAL'))
    .option('--queues <N>', `1 to ${QUEUES_PER_TOPIC_MAX}`, queueCount, QUEUES_PER_TOPIC_DEFAULT)
    .addHelpText('before', EXAMPLES)
    .action(create)
  withCommonOptions(topic.command('update <NAME>'))
    .description('change a topic in use')
    .option('--queues <N>', 'as many as it has, or more', queueCount)
    .addOption(new Option('--permission <WHAT>', 'who may use it').choices(PERMISSIONS))
    .option('--retention <TIME>', 'how long messages stay, such as 12h; log: as long as the log', retention)
    .action(update)
  withCommonOptions(topic.command('list')).description('all topics').action(list)
  withCommonOptions(topic.command('describe <NAME>')).description('one topic and its queues').action(describe)
  withCommonOptions(topic.command('delete <NAME>'))
    .description('delete a topic with its messages')
    .action(remove)
}

function queueCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= QUEUES_PER_TOPIC_MAX) return count
  throw new InvalidArgumentError(`give a whole number from 1 to ${QUEUES_PER_TOPIC_MAX}.`)
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const messageType = options.type === 'MIXED' ? TOPIC_TYPE_MIXED : MessageType[options.type]
  const request = { name, messageType, queueCount: options.queues }
  const made = await withAdmin(options, (client) => client.call('CreateTopic', request))
  if (options.json === true) {
    say(JSON.stringify({ name, type: options.type, queues: options.queues, ...made }))
    return
  }
  say(`Made topic ${name} (${options.type}, ${options.queues} queues).`)
  if (made.unreachable.length > 0) {
    note(
      `Members ${listText(made.unreachable.map(String))} did not answer; they learn of it when they are back.`,
    )
  }
}

interface UpdateOptions extends CommonOptions {
  readonly queues?: number
  readonly permission?: (typeof PERMISSIONS)[number]
  readonly retention?: number
}

function retention(text: string): number {
  return text === 'log' ? 0 : durationMs(text, 'give a time such as 30m, 12h or 3d, or log.')
}

async function update(name: string, options: UpdateOptions): Promise<void> {
  const { queues = 0, permission, retention: retentionMs } = options
  const request = {
    name,
    queueCount: queues,
    // The enum begins with 1.
    permission: permission === undefined ? 0 : PERMISSIONS.indexOf(permission) + 1,
    ...(retentionMs === undefined ? {} : { retentionMs }),
  }
  const made = await withAdmin(options, (client) =>
    withTopicHint(client, name, () => client.call('UpdateTopic', request)),
  )
  say(options.json === true ? JSON.stringify({ updated: name, ...made }) : `Updated topic ${name}.`)
}

async function list(options: CommonOptions): Promise<void> {
  const { topics } = await withAdmin(options, (client) => client.call('ListTopics', {}))
  if (options.json === true) say(JSON.stringify({ topics }))
  else if (topics.length === 0) say('There is no topic yet. To make one: npm run cli -- topic create NAME')
  else say(topicTable([...topics].sort((a, b) => (a.name < b.name ? -1 : 1))))
}

function topicTable(topics: readonly TopicSummary[]): string {
  return tableText(
    [
      { head: 'TOPIC', worth: 9, cell: (topic) => topic.name },
      { head: 'TYPE', worth: 7, cell: (topic) => messageTypeName(topic.messageType) },
      { head: 'QUEUES', worth: 6, right: true, cell: (topic) => String(topic.queueCount) },
      { head: 'MESSAGES', worth: 8, right: true, cell: (topic) => String(topic.messageCount) },
      { head: 'MADE', worth: 1, cell: (topic) => new Date(topic.createdMs).toISOString() },
    ],
    topics,
    terminalWidth(),
  )
}

async function describe(name: string, options: CommonOptions): Promise<void> {
  const topic = await withAdmin(options, (client) =>
    withTopicHint(client, name, () => client.call('DescribeTopic', { name })),
  )
  say(options.json === true ? JSON.stringify(topic) : topicText(name, topic))
}

function topicText(name: string, { summary, queues, groups }: TopicDescription): string {
  const count = summary?.messageCount ?? 0
  const head = `Topic ${name} (${messageTypeName(summary?.messageType ?? 0)}): ${count} messages in ${queues.length} queues.`
  const rules = ruleText(summary)
  const readers = groups.length === 0 ? 'No consumer group reads it.' : `Read by ${listText(groups)}.`
  const rows = tableText(
    [
      { head: 'QUEUE', worth: 9, right: true, cell: (queue) => String(queue.queueId) },
      { head: 'FIRST', worth: 8, right: true, cell: (queue) => String(queue.minOffset) },
      { head: 'NEXT', worth: 8, right: true, cell: (queue) => String(queue.nextOffset) },
      {
        head: 'MESSAGES',
        worth: 8,
        right: true,
        cell: (queue) => String(queue.nextOffset - queue.minOffset),
      },
    ],
    queues,
    terminalWidth(),
  )
  return `${head} ${rules}${readers}\n\n${rows}`
}

function ruleText(summary: TopicSummary | null): string {
  const permission = PERMISSIONS[(summary?.permission ?? 4) - 1] ?? 'read-write'
  const open = permission === 'read-write' ? '' : `It is open for: ${permission}. `
  const kept = summary?.retentionMs ?? 0
  return kept === 0 ? open : `${open}Messages stay for ${durationText(kept)}. `
}

async function remove(name: string, options: CommonOptions): Promise<void> {
  await withAdmin(options, (client) =>
    withTopicHint(client, name, () => client.call('DeleteTopic', { name })),
  )
  say(options.json === true ? JSON.stringify({ deleted: name }) : `Deleted topic ${name}.`)
}
