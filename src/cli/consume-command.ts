/** `consume`: receives messages for trying things, and acknowledges what it has shown. */
import type { Command } from 'commander'
import { INVISIBLE_MS_MIN, POLLING_MS_MIN, RECEIVE_MESSAGES_MAX } from '../base/limits.ts'
import { type Delivery, MessagingClient } from '../client/messaging.ts'
import { AdminClient, withGroupHint, withTopicHint } from './admin-client.ts'
import { type CommonOptions, endpointsOf, withCommonOptions } from './cli-options.ts'
import { durationText } from './format.ts'
import { whole } from './produce-command.ts'
import { bold, note, say } from './terminal.ts'

const EXAMPLES = `Examples:
  npm run cli -- consume hello -g me             shows messages until Ctrl-C
  npm run cli -- consume hello -g me -n 10       ends after ten
  npm run cli -- consume hello -g me --no-ack    leaves them for others
`
const BODY_TEXT_MAX = 2_000

interface ConsumeOptions extends CommonOptions {
  readonly group: string
  readonly number?: number
  readonly ack: boolean
}

/** Adds the command. */
export function addConsumeCommand(program: Command): void {
  withCommonOptions(program.command('consume <TOPIC>'))
    .description('receive messages, for trying things')
    .requiredOption('-g, --group <GROUP>', 'the consumer group; it is made if it is new')
    .option('-n, --number <N>', 'end after so many messages', whole(1, Number.MAX_SAFE_INTEGER))
    .option('--no-ack', 'do not acknowledge: the messages are delivered again')
    .addHelpText('before', EXAMPLES)
    .action(consume)
}

async function consume(topic: string, options: ConsumeOptions): Promise<void> {
  const { addresses } = endpointsOf(options)
  const client = new MessagingClient(addresses)
  const admin = new AdminClient(addresses)
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  try {
    await withTopicHint(admin, topic, () =>
      withGroupHint(admin, options.group, () => receiveAll(client, topic, options, stop.signal)),
    )
  } finally {
    await client.close(options.group)
    admin.close()
  }
}

async function receiveAll(
  client: MessagingClient,
  topic: string,
  options: ConsumeOptions,
  signal: AbortSignal,
): Promise<void> {
  const wanted = options.number ?? Number.POSITIVE_INFINITY
  let shown = 0
  let quiet = false
  while (shown < wanted && !signal.aborted) {
    const deliveries = await receiveSome(
      client,
      topic,
      options,
      Math.min(wanted - shown, RECEIVE_MESSAGES_MAX),
      signal,
    )
    for (const delivery of deliveries)
      say(options.json === true ? deliveryJson(delivery) : deliveryText(delivery))
    if (options.ack && deliveries.length > 0) await client.acknowledge(topic, options.group, deliveries)
    shown += deliveries.length
    if (deliveries.length === 0 && !quiet && !signal.aborted) {
      quiet = true
      note(`Waiting for messages in ${topic}; Ctrl-C ends.`)
    }
  }
  note(`${shown} message${shown === 1 ? '' : 's'} ${options.ack ? 'received and acknowledged' : 'shown'}.`)
}

/** An abort by the user ends the call without messages. */
async function receiveSome(
  client: MessagingClient,
  topic: string,
  options: ConsumeOptions,
  messagesMax: number,
  signal: AbortSignal,
): Promise<readonly Delivery[]> {
  const times = { waitMs: POLLING_MS_MIN, invisibleMs: INVISIBLE_MS_MIN }
  try {
    return await client.receive({ topic, group: options.group, messagesMax, ...times, signal })
  } catch (error) {
    if (signal.aborted) return []
    throw error
  }
}

function deliveryText(delivery: Delivery): string {
  const { queueId, offset, attempt, tag, keys, bornMs } = delivery
  const facts = [
    ...(tag === '' ? [] : [`tag ${tag}`]),
    ...(keys.length === 0 ? [] : [`key ${keys.join(' ')}`]),
    ...(bornMs === 0 ? [] : [`sent ${durationText(Math.max(0, Date.now() - bornMs))} ago`]),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
  ]
  const text = bodyText(delivery.body)
  const shown =
    text.length > BODY_TEXT_MAX ? `${text.slice(0, BODY_TEXT_MAX)}... (${text.length} characters)` : text
  return `${bold(`queue ${queueId} offset ${offset}`)}${facts.length === 0 ? '' : `, ${facts.join(', ')}`}\n${shown}`
}

function deliveryJson(delivery: Delivery): string {
  const { body, ...facts } = delivery
  return JSON.stringify({ ...facts, body: bodyText(body) })
}

/** The body as text, or its size when it is no text. */
function bodyText(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return `(${body.byteLength} bytes that are no text)`
  }
}
