/** `produce`: sends messages for trying things. */
import { type Command, InvalidArgumentError } from 'commander'
import { DELAY_MS_MAX, MESSAGE_BODY_BYTES_MAX } from '../base/limits.ts'
import { MessagingClient, type OutgoingMessage, type Sent } from '../client/messaging.ts'
import { AdminClient, withTopicHint } from './admin-client.ts'
import { type CommonOptions, endpointsOf, withCommonOptions } from './cli-options.ts'
import { note, say } from './terminal.ts'

const EXAMPLES = `Examples:
  npm run cli -- produce hello "first message"
  npm run cli -- produce hello "paid" --tag payment --key order-1
  npm run cli -- produce hello --count 1000 --size 1024    a thousand messages of 1 KiB
  npm run cli -- produce later "remind me" --delay 30      to a topic that was made with --type DELAY
`
const IN_FLIGHT_MAX = 32
const COUNT_MAX = 100_000_000
const FILLER = 'abcdefghijklmnopqrstuvwxyz'

interface ProduceOptions extends CommonOptions {
  readonly tag?: string
  readonly key?: string
  readonly count: number
  readonly size?: number
  readonly delay?: number
}

/** Adds the command. */
export function addProduceCommand(program: Command): void {
  withCommonOptions(program.command('produce <TOPIC> [BODY]'))
    .description('send messages, for trying things')
    .option('--tag <TAG>', 'a tag that consumers can filter by')
    .option('--key <KEY>', 'a key to find the message by')
    .option(
      '--count <N>',
      'how many; each body gets its number when there are several',
      whole(1, COUNT_MAX),
      1,
    )
    .option(
      '--delay <SECONDS>',
      'deliver so much later, in a topic of type DELAY',
      whole(1, DELAY_MS_MAX / 1000),
    )
    .option('--size <BYTES>', 'fill bodies up to this size', whole(1, MESSAGE_BODY_BYTES_MAX))
    .addHelpText('before', EXAMPLES)
    .action(produce)
}

/** A commander parser for a whole number in a range. */
export function whole(from: number, to: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= from && value <= to) return value
    throw new InvalidArgumentError(`give a whole number from ${from} to ${to}.`)
  }
}

async function produce(topic: string, body: string | undefined, options: ProduceOptions): Promise<void> {
  const { addresses } = endpointsOf(options)
  const client = new MessagingClient(addresses)
  const admin = new AdminClient(addresses)
  const started = performance.now()
  try {
    const last = await withTopicHint(admin, topic, () => sendAll(client, topic, body, options))
    report(topic, last, options, performance.now() - started)
  } finally {
    await client.close()
    admin.close()
  }
}

/** Sends all messages, some at a time, and returns what became of the last one. */
async function sendAll(
  client: MessagingClient,
  topic: string,
  body: string | undefined,
  options: ProduceOptions,
): Promise<Sent | undefined> {
  let next = 0
  let last: Sent | undefined
  let done = 0
  let toldMs = performance.now()
  const work = async (): Promise<void> => {
    while (next < options.count) {
      const sent = await client.send(topic, [messageOf(next++, body, options)])
      done++
      last = sent.at(-1)
      if (performance.now() - toldMs > 2_000) {
        toldMs = performance.now()
        note(`${done} of ${options.count} sent ...`)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT_MAX, options.count) }, work))
  return last
}

/** The message with the number `n`, counted from 0. */
export function messageOf(
  n: number,
  body: string | undefined,
  options: Pick<ProduceOptions, 'tag' | 'key' | 'count' | 'size' | 'delay'>,
): OutgoingMessage {
  const several = options.count > 1
  const text = [body ?? (several ? 'message' : 'hello'), ...(several ? [String(n + 1)] : [])].join(' ')
  const bytes = Buffer.from(text)
  const filled =
    options.size === undefined || options.size <= bytes.length
      ? bytes
      : Buffer.concat([bytes, Buffer.alloc(options.size - bytes.length, ` ${FILLER}`)])
  const dueMs = options.delay === undefined ? undefined : Date.now() + options.delay * 1_000
  return { body: filled, tag: options.tag, keys: options.key === undefined ? [] : [options.key], dueMs }
}

function report(topic: string, last: Sent | undefined, options: ProduceOptions, ms: number): void {
  if (options.json === true) {
    say(JSON.stringify({ topic, sent: options.count, last, ms: Math.round(ms) }))
  } else if (options.count === 1) {
    say(
      `Sent to ${topic} at offset ${last?.offset ?? 0} with the id ${last?.messageId ?? ''}, in ${ms.toFixed(0)} ms.`,
    )
  } else {
    const rate = Math.round((options.count / ms) * 1_000)
    say(`Sent ${options.count} messages to ${topic} in ${(ms / 1_000).toFixed(1)} s, ${rate} a second.`)
  }
}
