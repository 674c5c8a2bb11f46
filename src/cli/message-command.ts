/** `message get|query|browse` and `trace`: finds messages and tells what became of them. */
import { type Command, InvalidArgumentError } from 'commander'
import type { MessagesResponse, StoredMessage, TraceMessageResponse } from '../rpc/query-types.ts'
import { type CommonOptions, withCommonOptions } from './cli-options.ts'
import { bodyLine, messageJson, placeText, query, timeText, wrong } from './query-client.ts'
import { say, terminalWidth } from './terminal.ts'
import { tableText } from './text-table.ts'

const EXAMPLES = `Examples:
  npm run cli -- message get 01A2B3C4D5E6F708091011121314151617
  npm run cli -- message query orders --key order-17
  npm run cli -- message browse orders --from 2026-11-01T12:00:00Z --limit 20
  npm run cli -- message browse orders --queue 3 --offset 1000
  npm run cli -- message browse orders --sql "amount > 100"
  npm run cli -- trace 01A2B3C4D5E6F708091011121314151617
`

/** Adds the commands. */
export function addMessageCommand(program: Command): void {
  const message = program.command('message').description('find messages by id, key, time or place')
  message.addHelpText('before', EXAMPLES)
  withCommonOptions(message.command('get <ID>'))
    .description('the message with an id, and its dead letters')
    .option('--topic <TOPIC>', 'only in this topic', '')
    .action(get)
  withCommonOptions(message.command('query <TOPIC>'))
    .description('messages with a key, the newest first')
    .requiredOption('--key <KEY>', 'one of the keys that they were sent with')
    .option('--from <TIME>', 'stored at or after (ISO 8601)', parseTime)
    .option('--to <TIME>', 'stored at or before', parseTime)
    .option('--limit <N>', 'at most so many, up to 64', parseLimit, 32)
    .action(byKey)
  withCommonOptions(message.command('browse <TOPIC>'))
    .description('messages in the order in which they were stored')
    .option('--queue <N>', 'only this queue', parseNumber)
    .option('--offset <N>', 'from this offset on', parseNumber)
    .option('--from <TIME>', 'stored at or after (ISO 8601)', parseTime)
    .option('--to <TIME>', 'stored at or before', parseTime)
    .option('--tags <TAGS>', 'a tag filter such as "a || b"', '')
    .option('--sql <SQL>', 'an SQL92 filter', '')
    .option('--limit <N>', 'at most so many, up to 64', parseLimit, 32)
    .action(browse)
  withCommonOptions(program.command('trace [ID]'))
    .description('what became of a message: stored, delivered, acked, dead')
    .option('--topic <TOPIC>', 'its topic', '')
    .option('--queue <N>', 'its queue, instead of the id', parseNumber)
    .option('--offset <N>', 'its offset, instead of the id', parseNumber)
    .action(trace)
}

function parseTime(text: string): number {
  const time = Date.parse(text)
  if (/^\d{4}-\d\d/.test(text) && time >= 0) return time
  throw new InvalidArgumentError('give a time such as 2026-11-01T12:00:00Z.')
}

function parseNumber(text: string): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number
  throw new InvalidArgumentError('give a whole number from 0 on.')
}

function parseLimit(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= 64) return limit
  throw new InvalidArgumentError('give a whole number from 1 to 64.')
}

async function get(messageId: string, options: CommonOptions & { readonly topic: string }): Promise<void> {
  const found = await query(options, 'GetMessage', { messageId, topic: options.topic, withBody: true })
  show(options, found, `There is no message with id ${messageId}.`)
}

interface KeyOptions extends CommonOptions {
  readonly key: string
  readonly from?: number
  readonly to?: number
  readonly limit: number
}

async function byKey(topic: string, options: KeyOptions): Promise<void> {
  const { key, from: beginMs = 0, to: endMs = 0, limit: messagesMax } = options
  const request = { topic, key, beginMs, endMs, messagesMax, withBody: true }
  show(
    options,
    await query(options, 'QueryMessages', request),
    `No message of ${topic} has the key "${key}".`,
  )
}

interface BrowseOptions extends CommonOptions {
  readonly queue?: number
  readonly offset?: number
  readonly from?: number
  readonly to?: number
  readonly tags: string
  readonly sql: string
  readonly limit: number
}

async function browse(topic: string, options: BrowseOptions): Promise<void> {
  const { queue, offset, from, to: endMs = 0, tags, sql, limit: messagesMax } = options
  const found = await query(options, 'BrowseMessages', {
    topic,
    ...(queue !== undefined && { queueId: queue }),
    ...(offset !== undefined && { offset }),
    ...(from !== undefined && { beginMs: from }),
    endMs,
    tags,
    sql,
    messagesMax,
    withBody: true,
  })
  show(options, found, `No message of ${topic} is stored there.`)
}

function show(options: CommonOptions, { messages, next }: MessagesResponse, nothing: string): void {
  if (options.json === true) say(JSON.stringify({ messages: messages.map(messageJson), next }))
  else if (messages.length === 0) say(nothing)
  else say(messageTable(messages))
}

function messageTable(messages: readonly StoredMessage[]): string {
  return tableText(
    [
      { head: 'STORED', worth: 6, cell: ({ storedMs }) => timeText(storedMs) },
      { head: 'PLACE', worth: 9, cell: placeText },
      { head: 'ID', worth: 8, cell: ({ messageId }) => messageId },
      { head: 'TAG', worth: 5, cell: ({ tag }) => tag ?? '' },
      { head: 'KEYS', worth: 4, cell: ({ keys }) => keys.join(' ') },
      { head: 'BODY', worth: 3, cell: bodyLine },
    ],
    messages,
    terminalWidth(),
  )
}

interface TraceOptions extends CommonOptions {
  readonly topic: string
  readonly queue?: number
  readonly offset?: number
}

async function trace(id: string | undefined, options: TraceOptions): Promise<void> {
  const { topic, queue, offset } = options
  const isPlace = topic !== '' && queue !== undefined && offset !== undefined
  if (id === undefined && !isPlace) wrong('give the id of a message, or --topic, --queue and --offset')
  const place = queue !== undefined && offset !== undefined ? { queueId: queue, queueOffset: offset } : {}
  const found = await query(options, 'TraceMessage', { messageId: id ?? '', topic, ...place })
  say(options.json === true ? JSON.stringify(traceJson(found)) : traceText(found))
}

function traceJson({ message, groups, ...rest }: TraceMessageResponse): object {
  const json = (one: StoredMessage | null): object | null => one && messageJson(one)
  const stands = groups.map((group) => ({ ...group, deadLetter: json(group.deadLetter) }))
  return { message: json(message), groups: stands, ...rest }
}

function traceText({ message, groups, events, eventsComplete }: TraceMessageResponse): string {
  if (message === null) return 'There is no such message.'
  const head = `Message ${message.messageId} was stored ${timeText(message.storedMs)} at ${placeText(message)}.`
  const stands = tableText(
    [
      { head: 'GROUP', worth: 9, cell: ({ group }) => group },
      { head: 'STATE', worth: 8, cell: ({ state }) => state },
      {
        head: 'ATTEMPT',
        worth: 5,
        right: true,
        cell: ({ attempt }) => (attempt === 0 ? '' : String(attempt)),
      },
      { head: 'INVISIBLE UNTIL', worth: 4, cell: ({ visibleMs }) => timeText(visibleMs) },
      {
        head: 'DEAD LETTER',
        worth: 6,
        cell: ({ deadLetter }) => (deadLetter === null ? '' : placeText(deadLetter)),
      },
    ],
    groups,
    terminalWidth(),
  )
  const told = tableText(
    [
      { head: 'TIME', worth: 9, cell: ({ atMs }) => timeText(atMs) },
      { head: 'EVENT', worth: 9, cell: ({ type }) => type },
      { head: 'GROUP', worth: 8, cell: ({ group }) => group },
      { head: 'ATTEMPT', worth: 7, right: true, cell: ({ attempt }) => String(attempt) },
      { head: 'CLIENT', worth: 5, cell: ({ client }) => client },
      { head: 'INVISIBLE UNTIL', worth: 4, cell: ({ visibleMs }) => timeText(visibleMs) },
    ],
    events,
    terminalWidth(),
  )
  const parts = [head, groups.length === 0 ? 'No group reads its topic.' : stands]
  if (events.length > 0) parts.push(told)
  if (!eventsComplete) parts.push('The log was not read to its end: later events are missing.')
  return parts.join('\n\n')
}
